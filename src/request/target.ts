import { Problem } from '../problem/problem.ts'
import { decoded, type Readings, readingsOf } from './readings.ts'

/** The auth calls, whose answers hold the token, which is for the proxy alone. */
export const [LOGIN_PATH, EXTEND_PATH] = ['/login', '/auth_token/extend'] as const

/** Paths of the same: behind any version, as no other path ends in `/auth_token/extend`, and with a suffix (`/login.json`). */
const AUTH_CALL = /^(?:\/(?:api|v\d+))*\/login(?:\/?[\s+]*\.[^/]*)?\/?$|\/auth_token\/extend(?:[\s+]*\.|\/|$)/

/** And those of Compute. */
const COMPUTE_AUTH_CALL = /\/api(?:\/[^/]*)?\/authenticate/

/** Paths that this proxy gives a meaning of its own. */
export const OWN_PATH = /^\/_(?:proxy|compute|tenant)(?:\/|$)/

/** Servers that know path parameters (RFC 3986, 3.3) take `..;x` for `..`. */
const DOT_SEGMENT = /\/\.\.?(?:[/;]|$)/

const AUTH_ADVICE =
  'The proxy keeps the session itself: leave this call out, or send POST /login or GET /auth_token/extend as they are'
const COMPUTE_AUTH_ADVICE =
  "Compute's session is the proxy's, too: leave this call out, or send POST /_compute/api/v1/authenticate, or POST /api/v1/authenticate to the host compute.localhost"

/**
 * The readings of a request's path, behind `/_compute` where it is for Compute: what rules, limits and the cache go by. What
 * is sent is the path as it came.
 *
 * Refuses what could mean one thing here and another at the upstream: anything but an absolute path (RFC 9112, 3.2.1), dot
 * segments and backslashes, plain or percent-encoded, and the proxy's own paths in disguise.
 * @throws {Problem} `invalid-request`; `policy-denied` for what some server may take for one of the auth calls
 */
export function judgePath(path: string, compute: boolean): Readings {
  if (!path.startsWith('/')) throw refusal('Only requests for a path are served, such as GET /v2/policy')
  const readings = readingsOf(path)
  const { usual, all } = readings
  if (all.length > 1) judgeSpelling(decoded(path))
  if (all.some(reading => OWN_PATH.test(reading)))
    throw refusal("Paths under /_proxy/, /_compute/ and /_tenant/ are the proxy's own: send them as they are")
  if (all.some(reading => COMPUTE_AUTH_CALL.test(reading))) throw new Problem('policy-denied', COMPUTE_AUTH_ADVICE)
  if (all.some(reading => AUTH_CALL.test(reading))) throw new Problem('policy-denied', AUTH_ADVICE)
  return compute ? { usual: behindCompute(usual), all: all.map(behindCompute) } : readings
}

function judgeSpelling(path: string): void {
  if (path.includes('\\')) throw refusal('The path contains a backslash')
  if (DOT_SEGMENT.test(path))
    throw refusal('The path contains a dot segment (/./ or /../): send the path that is meant')
}

function behindCompute(path: string): string {
  return `/_compute${path}`
}

/** The path of a request target, which no fragment belongs to (RFC 9112, 3.2). */
export function withoutQuery(target: string): string {
  const end = target.search(/[?#]/)
  return end < 0 ? target : target.slice(0, end)
}

/** What was taken off a path, as a path. */
export function rooted(rest: string): string {
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** What follows `start`, if it ends there as a whole. */
export function below(text: string, start: string): string | undefined {
  const rest = text.slice(start.length)
  return text.startsWith(start) && /^([/?#]|$)/.test(rest) ? rest : undefined
}

function refusal(detail: string): Problem {
  return new Problem('invalid-request', detail)
}
