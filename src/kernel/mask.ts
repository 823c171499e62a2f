/** What stands in the place of a secret. */
export const MASK = '[secret]'

/** A secret is looked for by pieces of so many characters, each of which is enough to be taken out. */
const PIECE = 12

/** Of a secret with fewer characters so large a part has to be there: a small one may be a word. */
const [SHORTEST_LONG, PART_OF_SHORT] = [2 * PIECE, 3 / 4]

/** How deep escapes may stand in each other: JSON in JSON, a URL in HTML. */
const MAX_LAYERS = 4

/** The forms that the bytes of a secret take in a text, beside escapes of its characters. */
const CODINGS: readonly ((bytes: Buffer) => string)[] = [
  bytes => bytes.toString(),
  bytes => bytes.toString('latin1'),
  bytes => bytes.toString('hex'),
  // as JSON.stringify writes a Buffer
  bytes => bytes.join(','),
  // what base64 makes of a byte depends on how many come before it
  bytes => base64(bytes, 0),
  bytes => base64(bytes, 1),
  bytes => base64(bytes, 2),
]

/** A character as URLs, JSON, JavaScript and HTML escape it; or what lines, and bytes of UTF-16, are filled up with. */
const ESCAPED =
  /%(?:u00)?([0-9a-f]{2})|\\(?:u00|x)([0-9a-f]{2})|\\u\{0*([0-9a-f]{2})\}|&#x0*([0-9a-f]{2});?|&#0*(\d{2,3});?|&(amp);|\\([ -~])|[\s\p{Cc}]+/giu

/** Characters that a backslash makes white space or control characters of. */
const BLANK = /[nrtfvb0]/

/** A secret in one of its forms. */
interface Form {
  readonly text: string
  /** How much of it has to stand in a text, in characters. */
  readonly least: number
}

/** Where the pieces of a secret stand in its forms. All are of one size. */
export interface Pieces {
  readonly size: number
  readonly places: ReadonlyMap<string, { readonly form: Form; readonly at: number }>
}

/** Some characters of a text, each with the range that it had there, escape and all. */
interface View {
  readonly text: string
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

type Range = readonly [start: number, end: number]

/** Prepares a secret for {@link mask}. */
export function piecesOf(secret: string): Pieces {
  const bytes = Buffer.from(secret)
  const isLong = secret.length >= SHORTEST_LONG
  // of a piece twice as large, wherever it begins, one stands whole in the part that is enough
  const size = Math.min(PIECE, Math.ceil((secret.length * PART_OF_SHORT) / 2))
  const places = new Map<string, { form: Form; at: number }>()
  for (const write of CODINGS) {
    const text = fold(write(bytes))
    const form = { text, least: isLong ? PIECE : Math.ceil(text.length * PART_OF_SHORT) }
    for (let at = 0; at + size <= text.length; at += size) places.set(text.slice(at, at + size), { form, at })
  }
  return { size, places }
}

/**
 * `text` with {@link MASK} wherever one of some secrets stands in it: as it is or in another case, escaped, in base64 or
 * hex, broken over lines, or with zeros between its bytes. So that none is shown that was cut off or divided, a part counts as
 * well. The text may be bytes as latin1.
 */
export function mask(text: string, secrets: readonly Pieces[]): string {
  if (secrets.every(({ size }) => text.length < size)) return text
  const found: Range[] = []
  let view: View | undefined = viewOf(fold(text))
  for (let layer = 0; view && layer <= MAX_LAYERS; layer++) {
    for (const pieces of secrets) find(pieces, view, found)
    view = unescaped(view)
  }
  return found.length === 0 ? text : cover(text, found)
}

/** The characters of base64 that `bytes` alone decide, where so many others come before. */
function base64(bytes: Buffer, before: number): string {
  const first = Math.ceil((before * 8) / 6)
  const end = Math.floor(((before + bytes.length) * 8) / 6)
  return Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .slice(first, end)
}

/** A text without case, and with one alphabet for base64 and base64url. Its length stays. */
function fold(text: string): string {
  return text.replaceAll('İ', 'i').toLowerCase().replaceAll('+', '-').replaceAll('/', '_')
}

function viewOf(text: string): View {
  const [starts, ends] = [new Uint32Array(text.length), new Uint32Array(text.length)]
  for (let at = 0; at < text.length; at++) {
    starts[at] = at
    ends[at] = at + 1
  }
  return { text, starts, ends }
}

/** Adds the ranges of a view that hold enough of a secret. */
function find({ size, places }: Pieces, { text, starts, ends }: View, found: Range[]): void {
  for (let at = 0; at + size <= text.length; at++) {
    const place = places.get(text.slice(at, at + size))
    if (!place) continue
    const { form, at: piece } = place
    let [before, after] = [0, size]
    while (before < piece && before < at && form.text[piece - before - 1] === text[at - before - 1]) before++
    while (piece + after < form.text.length && form.text[piece + after] === text[at + after]) after++
    if (before + after < form.least) continue
    found.push([Number(starts[at - before]), Number(ends[at + after - 1])])
    at += after - 1
  }
}

/** The view with one layer of escapes undone and without blanks; `undefined` where it has neither. */
function unescaped({ text, starts, ends }: View): View | undefined {
  const inner = { starts: new Uint32Array(text.length), ends: new Uint32Array(text.length) }
  let [kept, size, last] = ['', 0, 0]
  const keep = (characters: string, start: number, end: number) => {
    kept += characters
    inner.starts.set(starts.subarray(start, end), size)
    inner.ends.set(ends.subarray(start, end), size)
    size += characters.length
  }
  for (const match of text.matchAll(ESCAPED)) {
    keep(text.slice(last, match.index), last, match.index)
    last = match.index + match[0].length
    const character = characterOf(match)
    keep(character, match.index, match.index + character.length)
    if (character !== '') inner.ends[size - 1] = Number(ends[last - 1])
  }
  if (last === 0) return undefined
  keep(text.slice(last), last, text.length)
  return { text: kept, ...inner }
}

/** What an escape stands for, which is nothing where that has no part in a secret. */
function characterOf([, url, json, braced, hex, decimal, and, plain]: RegExpMatchArray): string {
  const code = url ?? json ?? braced ?? hex
  if (code !== undefined) return fold(String.fromCharCode(Number.parseInt(code, 16)))
  if (decimal !== undefined) return fold(String.fromCharCode(Number(decimal)))
  if (and !== undefined) return '&'
  return plain === undefined || BLANK.test(plain) ? '' : plain
}

function cover(text: string, found: readonly Range[]): string {
  const parts: string[] = []
  let shown = 0
  for (const [start, end] of found.toSorted(([one], [other]) => one - other)) {
    if (start > shown || shown === 0) parts.push(text.slice(shown, start), MASK)
    shown = Math.max(shown, end)
  }
  return parts.join('') + text.slice(shown)
}
