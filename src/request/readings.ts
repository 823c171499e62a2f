import { Problem } from '../problem/problem.ts'

/** The longest path to read, in characters. The API has no longer ones, and reading them would take long. */
export const LONGEST_PATH = 4_096

/**
 * The most characters of all readings together, because matching them against rules takes time. Odd names have about
 * twenty readings; a path with more characters than this was made to mislead.
 */
const MOST_READ = 4 * LONGEST_PATH

/** Matches nearly all paths. Servers read such a path in only one way, apart from the case of its letters. */
const ORDINARY = /^(?:(?:\/[\w:@,=~-]+(?:\.+[\w:@,=~-]+)*)+|\/)$/

/**
 * Invalid in URIs (RFC 3986, 2.1) and in UTF-8 (RFC 3629, 3), but some servers decode it to ASCII: `%u002f`, `%c0%af`.
 */
const UNSOUND = /%u[0-9a-f]{4}|%c[01]/i

const UNSOUND_PATH = 'The path contains an invalid percent-encoding, such as %u002f or %c0%af'

// biome-ignore lint/suspicious/noControlCharactersInRegex: this pattern finds them
const CONTROL = /[\0-\x1f\x7f-\x9f]/

/** Non-ASCII characters in UTF-8, with each byte as one character. */
const UTF8 = /[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{3}/g

/** One transformation that servers apply to a path before they route it. */
type Step = (path: string) => string

/** Steps of nearly all servers. They treat an encoded slash as part of a name. */
const USUAL: readonly Step[] = [
  decodedNames,
  // path parameters (RFC 3986, 3.3)
  path => path.replace(/;[^/]*/g, ''),
  path => path.replace(/\/+(?=\/)|(?<=[^/])\/+$/g, ''),
  // spaces around a name, which may be written as `+`
  path => path.replace(/(?<=\/)[\s+]+|(?<![\s+])[\s+]+(?=\/|$)/g, ''),
  // dots at the end of a name
  path => path.replace(/(?<=[^./])\.+(?=\/|$)/g, ''),
  withoutDots,
]

/** Steps that only some servers take. */
const UNUSUAL: readonly Step[] = [
  decoded,
  // a path may end early when a server puts it into a URL or a query, or strips Java's `;jsessionid`
  ...['#', '?', ';', '&'].map(upTo),
  path => path.replaceAll('\\', '/'),
  // a network-path reference (RFC 3986, 4.2), which starts with a host
  path => path.replace(/^\/{2,}[^/]*/, ''),
  compatible,
]

const STEPS = [...USUAL, ...UNUSUAL]

/** The ways in which servers may read the path of a request, in lower case. */
export interface Readings {
  /**
   * How most servers read it: decoded; without path parameters, dot segments and redundant slashes; without spaces
   * around names and dots at their ends.
   */
  readonly usual: string
  /**
   * All readings, including `usual`, but not the path before decoding: to a server that does not decode, it names
   * nothing.
   */
  readonly all: readonly string[]
}

/**
 * Returns all readings of a path.
 * @throws {Problem} `invalid-request` if there are too many, one contains a control character or an invalid
 *   percent-encoding, or the path is too long (414)
 */
export function readingsOf(path: string): Readings {
  if (path.length > LONGEST_PATH) throw tooLong()
  if (ORDINARY.test(path)) {
    const usual = path.toLowerCase()
    return { usual, all: [usual] }
  }
  if (UNSOUND.test(path)) throw invalid(UNSOUND_PATH)
  const found = new Set([decodedNames(path), decoded(path)])
  let left = MOST_READ
  // iterating over a set also visits what is added meanwhile
  for (const reading of found) {
    left -= reading.length
    if (left < 0) throw invalid('The path can be read in too many ways; send it without unusual encodings')
    if (UNSOUND.test(reading)) throw invalid(UNSOUND_PATH)
    if (CONTROL.test(reading)) throw invalid('The path contains a control character')
    for (const step of STEPS) found.add(step(reading))
  }
  return { usual: usualReadingOf(path).toLowerCase(), all: [...found].map(reading => reading.toLowerCase()) }
}

function decodedNames(path: string): string {
  return decode(path, /%(?!2f)([0-9a-f]{2})/gi)
}

/** Decodes the percent-encoding of a path once, including encoded slashes. */
export function decoded(path: string): string {
  return decode(path, /%([0-9a-f]{2})/gi)
}

function usualReadingOf(path: string): string {
  const next = USUAL.reduce((reading, step) => step(reading), path)
  return next === path ? path : usualReadingOf(next)
}

/** Decodes valid sequences and keeps the rest: only the upstream can judge a stray `%`. */
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

/** Removes dot segments (RFC 3986, 5.2.4). */
function withoutDots(path: string): string {
  if (!path.includes('/.')) return path
  const kept: string[] = []
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return `/${kept.join('/')}`
}

/** Replaces compatibility forms of characters (Unicode, UAX 15) and drops invisible ones, as some systems do. */
function compatible(path: string): string {
  if (!/[^\0-\x7f]/.test(path)) return path
  return path
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
}

function invalid(detail: string): Problem {
  return new Problem('invalid-request', detail)
}

function tooLong(): Problem {
  const options = { status: 414, title: 'URI Too Long' }
  return new Problem('invalid-request', `The path has more than ${LONGEST_PATH} characters`, options)
}
