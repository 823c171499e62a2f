import { Problem } from '../problem/problem.ts'

/** The auth calls, whose answers hold the token, which is for the proxy alone. */
const AUTH_PATHS = new Set(['login', 'auth_token/extend'])

/** Saves a closer look at nearly all others. */
const LIKE_AN_AUTH_PATH = /login|extend/i

const DOT_SEGMENT = /\/\.\.?(?:\/|$)/

const HIDDEN_OWN_PATH = /^\/+_proxy(\/|$)/i

/**
 * Refuses a request target that could mean one thing here and another at the upstream: anything but an absolute path
 * (RFC 9112, 3.2.1), dot segments, backslashes and NUL, plain or percent-encoded, and the proxy's own paths in disguise.
 * All else is sent byte for byte.
 * @throws {Problem} `invalid-request`; `policy-denied` for the auth calls, which the proxy makes itself
 */
export function judgeTarget(target: string): void {
  if (!target.startsWith('/')) throw refusal('Only requests for a path are served, such as GET /v2/policy')
  const path = decode(withoutQuery(target))
  if (path.includes('\\')) throw refusal('The path contains a backslash')
  if (path.includes('\0')) throw refusal('The path contains a NUL')
  if (DOT_SEGMENT.test(path)) {
    throw refusal('The path contains a dot segment (/./ or /../): send the path that is meant')
  }
  if (HIDDEN_OWN_PATH.test(path)) throw refusal("Paths under /_proxy/ are the proxy's own and are not forwarded")
  if (LIKE_AN_AUTH_PATH.test(path) && AUTH_PATHS.has(plain(path))) {
    throw new Problem(
      'policy-denied',
      'The proxy keeps the session itself: leave out the calls that log in and extend it',
    )
  }
}

/** A decoded path without what servers overlook: doubled slashes, path parameters (RFC 3986, 3.3) and case. */
function plain(path: string): string {
  const segments = path.split('/').map(segment => segment.replace(/;.*/s, ''))
  return segments
    .filter(segment => segment !== '')
    .join('/')
    .toLowerCase()
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
