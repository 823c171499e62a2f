import { Problem } from '../problem/problem.ts'

/** Longer paths, in characters, are not known of the API, and would take long to read. */
const LONGEST_PATH = 4_096

/**
 * The most characters of all readings together, which rules take time to match with. Odd names have some twenty readings;
 * what has more than these was made to mislead.
 */
const MOST_READ = 4 * LONGEST_PATH

/** Nearly all paths: no server takes one for another, but for the case of its letters. */
const ORDINARY = /^(?:(?:\/[\w:@,=~-]+(?:\.+[\w:@,=~-]+)*)+|\/)$/

/** What no URI (RFC 3986, 2.1) and no UTF-8 (RFC 3629, 3) has, and some servers make ASCII of: `%u002f`, `%c0%af`. */
const UNSOUND = /%u[0-9a-f]{4}|%c[01]/i

const UNSOUND_PATH = 'The path is encoded as no URI is (such as %u002f or %c0%af)'

// biome-ignore lint/suspicious/noControlCharactersInRegex: to be found
const CONTROL = /[\0-\x1f\x7f-\x9f]/

/** Characters above ASCII in UTF-8, of which each byte stands as a character. */
const UTF8 = /[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{3}/g

/** One thing that servers do to a path before they look what it is for. */
type Step = (path: string) => string

/** What nearly all do. A slash that is encoded is part of a name to them. */
const USUAL: readonly Step[] = [
  decodedNames,
  // path parameters (RFC 3986, 3.3)
  path => path.replace(/;[^/]*/g, ''),
  path => path.replace(/\/+(?=\/)|(?<=[^/])\/+$/g, ''),
  // blanks around a name, for which `+` may stand
  path => path.replace(/(?<=\/)[\s+]+|(?<![\s+])[\s+]+(?=\/|$)/g, ''),
  // dots behind it
  path => path.replace(/(?<=[^./])\.+(?=\/|$)/g, ''),
  withoutDots,
]

/** What some do. */
const UNUSUAL: readonly Step[] = [
  decoded,
  // what a path is put into, or taken for, may end it: a URL, a query, Java's `;jsessionid`
  ...['#', '?', ';', '&'].map(upTo),
  path => path.replaceAll('\\', '/'),
  // a reference (RFC 3986, 4.2), whose host is named first
  path => path.replace(/^\/{2,}[^/]*/, ''),
  compatible,
]

const STEPS = [...USUAL, ...UNUSUAL]

/** The paths, in lower case, for which servers may take that of a request. */
export interface Readings {
  /** That for which most do: decoded, without path parameters, dot segments, needless slashes, and blanks and dots at the ends of names. */
  readonly usual: string
  /** Each of them, that one too. None of a server that would not decode: it knows nothing by such a name. */
  readonly all: readonly string[]
}

/**
 * Reads a path in every way in which a server may.
 * @throws {Problem} `invalid-request` where these are too many to tell, or one of them is sound for no server
 */
export function readingsOf(path: string): Readings {
  if (path.length > LONGEST_PATH) throw tooLong()
  if (ORDINARY.test(path)) {
    const usual = path.toLowerCase()
    return { usual, all: [usual] }
  }
  if (UNSOUND.test(path)) throw refusal(UNSOUND_PATH)
  const found = new Set([decodedNames(path), decoded(path)])
  let left = MOST_READ
  // a set is gone through to the end of what is added meanwhile
  for (const reading of found) {
    left -= reading.length
    if (left < 0) throw refusal('The path can be read in too many ways')
    if (UNSOUND.test(reading)) throw refusal(UNSOUND_PATH)
    if (CONTROL.test(reading)) throw refusal('The path contains a control character')
    for (const step of STEPS) found.add(step(reading))
  }
  return { usual: usualReadingOf(path).toLowerCase(), all: [...found].map(reading => reading.toLowerCase()) }
}

function decodedNames(path: string): string {
  return decode(path, /%(?!2f)([0-9a-f]{2})/gi)
}

/** A path once it is decoded. */
export function decoded(path: string): string {
  return decode(path, /%([0-9a-f]{2})/gi)
}

function usualReadingOf(path: string): string {
  const next = USUAL.reduce((reading, step) => step(reading), path)
  return next === path ? path : usualReadingOf(next)
}

/** Decodes what is decodable and leaves the rest: a stray `%` is the upstream's to judge. */
function decode(path: string, encoded: RegExp): string {
  if (!path.includes('%')) return path
  return path
    .replace(encoded, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(UTF8, bytes => Buffer.from(bytes, 'latin1').toString())
}

function upTo(end: string): Step {
  return path => {
    const at = path.indexOf(end)
    return at < 0 ? path : path.slice(0, at)
  }
}

/** Without dot segments (RFC 3986, 5.2.4). */
function withoutDots(path: string): string {
  if (!path.includes('/.')) return path
  const kept: string[] = []
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return `/${kept.join('/')}`
}

/** With what is only another form of a character (Unicode, UAX 15), or not to be seen, as some systems make it ASCII. */
function compatible(path: string): string {
  if (!/[^\0-\x7f]/.test(path)) return path
  return path
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
}

function refusal(detail: string): Problem {
  return new Problem('invalid-request', detail)
}

function tooLong(): Problem {
  const options = { status: 414, title: 'URI Too Long' }
  return new Problem('invalid-request', `The path has more than ${LONGEST_PATH} characters`, options)
}
