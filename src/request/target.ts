import { Problem } from '../problem/problem.ts'
import { decoded, type Readings, readingsOf } from './readings.ts'

/** The paths of the auth calls. Their responses contain the token, which never leaves the proxy. */
export const [LOGIN_PATH, EXTEND_PATH] = ['/login', '/auth_token/extend'] as const

/** Other spellings of the paths of auth calls: with any version or prefix, or with a suffix (`/login.json`). */
const AUTH_CALL = /^(?:\/(?:api|v\d+))*\/login(?:\/?[\s+]*\.[^/]*)?\/?$|\/auth_token\/extend(?:[\s+]*\.|\/|$)/

/** Paths of Compute's auth calls. */
const COMPUTE_AUTH_CALL = /\/api(?:\/[^/]*)?\/authenticate/

/** Paths that have a meaning to this proxy itself. */
export const OWN_PATH = /^\/_(?:proxy|compute|tenant)(?:\/|$)/

/** Servers that support path parameters (RFC 3986, 3.3) read `..;x` as `..`. */
const DOT_SEGMENT = /\/\.\.?(?:[/;]|$)/

const AUTH_ADVICE =
  'The proxy manages the session; omit this call, or send exactly POST /login or GET /auth_token/extend'
const COMPUTE_AUTH_ADVICE =
  'The proxy manages the session of Compute; omit this call, or send POST /_compute/api/v1/authenticate, or POST /api/v1/authenticate to the host compute.localhost'

/**
 * Returns the readings of a request's path, each with `/_compute` in front if it is for Compute. Rules, rate limits and
 * the cache use them; the path is forwarded unchanged.
 *
 * Rejects paths that could mean one thing here and another at the upstream: anything but an absolute path (RFC 9112,
 * 3.2.1), dot segments and backslashes, plain or percent-encoded, and other spellings of the proxy's own paths.
 * @throws {Problem} `invalid-request`; `policy-denied` for a path that some server may read as an auth call
 */
export function judgePath(path: string, compute: boolean): Readings {
  if (!path.startsWith('/')) throw invalid('The request target is not a path; send one such as /v2/policy')
  const readings = readingsOf(path)
  const { usual, all } = readings
  if (all.length > 1) judgeSpelling(decoded(path))
  if (all.some(reading => OWN_PATH.test(reading)))
    throw invalid(
      "Paths under /_proxy/, /_compute/ and /_tenant/ are the proxy's own; write them literally, at the start of the path",
    )
  if (all.some(reading => COMPUTE_AUTH_CALL.test(reading))) throw new Problem('policy-denied', COMPUTE_AUTH_ADVICE)
  if (all.some(reading => AUTH_CALL.test(reading))) throw new Problem('policy-denied', AUTH_ADVICE)
  return compute ? { usual: namedPath(usual, true), all: all.map(reading => namedPath(reading, true)) } : readings
}

function judgeSpelling(path: string): void {
  if (path.includes('\\')) throw invalid('The path contains a backslash')
  if (DOT_SEGMENT.test(path)) throw invalid('The path contains a dot segment (/./ or /../); send the resolved path')
}

/** Returns a path as rules and operations name it: with `/_compute` in front if it is for Compute. */
export function namedPath(path: string, compute: boolean): string {
  return compute ? `/_compute${path}` : path
}

/** The path of a request target. Also drops a fragment, which is not allowed there (RFC 9112, 3.2). */
export function withoutQuery(target: string): string {
  const end = target.search(/[?#]/)
  return end < 0 ? target : target.slice(0, end)
}

/** Puts a slash in front of the rest of a path, unless it starts with one. */
export function rooted(rest: string): string {
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Returns what follows `start` in `text`, or undefined unless `text` starts with it and a path segment ends there. */
export function below(text: string, start: string): string | undefined {
  const rest = text.slice(start.length)
  return text.startsWith(start) && /^([/?#]|$)/.test(rest) ? rest : undefined
}

function invalid(detail: string): Problem {
  return new Problem('invalid-request', detail)
}
