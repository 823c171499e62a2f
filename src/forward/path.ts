import { Problem } from '../problem/problem.ts'

/** The auth calls, whose answers hold the token, which is for the proxy alone. */
export const [LOGIN_PATH, EXTEND_PATH] = ['/login', '/auth_token/extend'] as const
const AUTH_PATHS: ReadonlySet<string> = new Set([LOGIN_PATH, EXTEND_PATH])
const COMPUTE_AUTH_PATH = /\/api\/[^/]*\/authenticate/

/** Servers that know path parameters (RFC 3986, 3.3) take `..;x` for `..`. */
const DOT_SEGMENT = /\/\.\.?(?:[/;]|$)/

/** What this proxy gives a meaning of its own, where it was not told as it should. */
const HIDDEN_OWN_PATH = /^\/+_(proxy|compute)(\/|$)/i

/** Saves nearly all paths a closer look. */
const UNUSUAL = /\/[/.]|[;\\]|.\/$/

/** Longer paths, in characters, are not known of the API, and would take long to match. */
const LONGEST_READ = 4_096

/** Percent-encoding is undone once; where gateways stand before a server, more often. */
const MOST_DECODINGS = 3

/**
 * Refuses a request target that could mean one thing here and another at the upstream: anything but an absolute path
 * (RFC 9112, 3.2.1), dot segments, backslashes and NUL, plain or percent-encoded, and the proxy's own paths in disguise.
 * All else is sent byte for byte.
 * @throws {Problem} `invalid-request`; `policy-denied` for the auth calls, which the proxy makes itself
 */
export function judgeTarget(target: string): void {
  if (!target.startsWith('/')) throw refusal('Only requests for a path are served, such as GET /v2/policy')
  const paths = decodings(withoutQuery(target))
  const path = paths[1] ?? String(paths[0])
  if (path.includes('\\')) throw refusal('The path contains a backslash')
  if (path.includes('\0')) throw refusal('The path contains a NUL')
  if (DOT_SEGMENT.test(path)) {
    throw refusal('The path contains a dot segment (/./ or /../): send the path that is meant')
  }
  if (HIDDEN_OWN_PATH.test(path))
    throw refusal("Paths under /_proxy/ and /_compute/ are the proxy's own: send them as they are")
  if (paths.some(path => isAuthPath(plain(path)))) {
    throw new Problem(
      'policy-denied',
      'The proxy keeps the session itself: leave this call out, or send POST /login or GET /auth_token/extend (for Compute POST /api/v1/authenticate) as they are',
    )
  }
}

function isAuthPath(path: string): boolean {
  return AUTH_PATHS.has(path) || COMPUTE_AUTH_PATH.test(path)
}

/**
 * The paths, in lower case, for which servers may take that of a target; `undefined` where that cannot be said, because
 * it is encoded over and over, or longer than any.
 */
export function readings(target: string): string[] | undefined {
  const path = withoutQuery(target)
  const paths = path.length > LONGEST_READ ? [] : decodings(path)
  return paths.length === 0 || paths.length > MOST_DECODINGS ? undefined : paths.map(plain)
}

/** A path as it is, and decoded once and more often, as far as that changes it. */
function decodings(path: string): string[] {
  const found = [path]
  while (found.length <= MOST_DECODINGS) {
    const last = String(found.at(-1))
    const next = decode(last)
    if (next === last) break
    found.push(next)
  }
  return found
}

/**
 * A path without what servers overlook or resolve: doubled slashes, one at the end, path parameters, dot segments (RFC
 * 3986, 5.2.4), backslashes and case.
 */
function plain(path: string): string {
  if (!UNUSUAL.test(path)) return path.toLowerCase()
  const kept: string[] = []
  for (const segment of path.toLowerCase().split(/[\\/]/)) {
    const name = segment.replace(/;.*/s, '')
    if (name === '..') kept.pop()
    else if (name !== '' && name !== '.') kept.push(name)
  }
  return `/${kept.join('/')}`
}

/** The path of a request target. */
export function withoutQuery(target: string): string {
  const end = target.indexOf('?')
  return end < 0 ? target : target.slice(0, end)
}

/** Decodes what is decodable and leaves the rest: a stray `%` is the upstream's to judge. */
function decode(path: string): string {
  return path.includes('%')
    ? path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    : path
}

function refusal(detail: string): Problem {
  return new Problem('invalid-request', detail)
}
