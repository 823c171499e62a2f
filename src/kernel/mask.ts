/** The text that replaces a secret. */
export const MASK = '[secret]'

/**
 * The size, in characters, of the pieces by which a secret is found. One piece of a long secret is enough to mask it.
 */
const PIECE = 12

/** The shortest secret, in characters, that a single piece is enough to recognize. */
const SHORTEST_LONG = 2 * PIECE

/** The fraction of a shorter secret that a text must contain: a smaller part may be an ordinary word. */
const PART_OF_SHORT = 3 / 4

/** The deepest nesting of escapes that is undone, such as JSON in JSON or a URL in HTML. */
const MAX_LAYERS = 4

/** The encodings in which the bytes of a secret are searched for. Escaped characters are undone separately. */
const ENCODINGS: readonly ((bytes: Buffer) => string)[] = [
  bytes => bytes.toString(),
  bytes => bytes.toString('latin1'),
  bytes => bytes.toString('hex'),
  // JSON.stringify(buffer)
  bytes => bytes.join(','),
  // base64 of a byte depends on its position modulo 3
  bytes => base64(bytes, 0),
  bytes => base64(bytes, 1),
  bytes => base64(bytes, 2),
]

/**
 * An escape of URLs, JSON, JavaScript or HTML, or filler: white space, and control characters such as UTF-16's zeros.
 */
const ESCAPED =
  /%(?:u00)?([0-9a-f]{2})|\\(?:u00|x)([0-9a-f]{2})|\\u\{0*([0-9a-f]{2})\}|&#x0*([0-9a-f]{2});?|&#0*(\d{2,3});?|&(amp);|\\([ -~])|[\s\p{Cc}]+/giu

/** Letters that stand for white space or a control character after a backslash. */
const BLANK = /[nrtfvb0]/

/** A secret in one encoding. */
interface Form {
  readonly text: string
  /** How many consecutive characters of it a text must contain. */
  readonly minMatch: number
}

/** An index of a secret: the form and offset of every piece. All pieces have the same size, in characters. */
export interface Pieces {
  readonly size: number
  readonly places: ReadonlyMap<string, { readonly form: Form; readonly at: number }>
}

/** A text after unescaping, with the range in the original text that each of its characters came from. */
interface View {
  readonly text: string
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

type Range = readonly [start: number, end: number]

/** Indexes a secret for {@link mask}. */
export function piecesOf(secret: string): Pieces {
  const bytes = Buffer.from(secret)
  const isLong = secret.length >= SHORTEST_LONG
  // any run of twice the piece size contains a whole piece, wherever it starts
  const size = Math.min(PIECE, Math.ceil((secret.length * PART_OF_SHORT) / 2))
  const places = new Map<string, { form: Form; at: number }>()
  for (const encode of ENCODINGS) {
    const text = fold(encode(bytes))
    const form = { text, minMatch: isLong ? PIECE : Math.ceil(text.length * PART_OF_SHORT) }
    for (let at = 0; at + size <= text.length; at += size) places.set(text.slice(at, at + size), { form, at })
  }
  return { size, places }
}

/**
 * Replaces every occurrence of the secrets in `text` with {@link MASK}: verbatim or in another case, escaped, in base64
 * or hex, wrapped over several lines, or with zeros between its bytes. Enough of a secret counts as an occurrence, so
 * that truncated or split ones are masked as well. The text may be bytes decoded as latin1.
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

/** The base64 characters that depend on `bytes` alone when `before` other bytes precede them. */
function base64(bytes: Buffer, before: number): string {
  const first = Math.ceil((before * 8) / 6)
  const end = Math.floor(((before + bytes.length) * 8) / 6)
  return Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .slice(first, end)
}

/** Removes the difference between cases, and between base64 and base64url. Keeps the length. */
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

/** Adds to `found` the ranges of the original text that contain enough of the secret. */
function find({ size, places }: Pieces, { text, starts, ends }: View, found: Range[]): void {
  for (let at = 0; at + size <= text.length; at++) {
    const place = places.get(text.slice(at, at + size))
    if (!place) continue
    const { form, at: piece } = place
    let [before, after] = [0, size]
    while (before < piece && before < at && form.text[piece - before - 1] === text[at - before - 1]) before++
    while (piece + after < form.text.length && form.text[piece + after] === text[at + after]) after++
    if (before + after < form.minMatch) continue
    found.push([Number(starts[at - before]), Number(ends[at + after - 1])])
    at += after - 1
  }
}

/** Undoes one layer of escapes and removes filler. Returns `undefined` if the view has neither. */
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

/** The character that an escape stands for, or an empty string for filler. */
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
