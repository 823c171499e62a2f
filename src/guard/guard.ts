import type { IncomingMessage } from 'node:http'
import { Problem } from '../problem/problem.ts'
import { admit, type Facts, type Policy } from './admit.ts'

/** Throws the problem with which a request is refused, if it is. */
export function guard(request: IncomingMessage, policy: Policy): void {
  const verdict = admit(factsOf(request), policy)
  if (!verdict.admitted) throw new Problem(verdict.problem, verdict.detail)
}

function factsOf({ headers, rawHeaders, socket }: IncomingMessage): Facts {
  return {
    hosts: rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host'),
    localAddress: socket.localAddress,
    origin: headers.origin,
    secFetchSite: headers['sec-fetch-site']?.toString(),
    token: headers['x-prismacloud-proxy-token']?.toString() ?? shownToken(headers.authorization),
  }
}

/** The token of `Authorization: Bearer TOKEN` (RFC 6750), or the password of `Basic` (RFC 7617): `curl -u :TOKEN`. */
function shownToken(authorization: string | undefined): string | undefined {
  const [, scheme, value] = /^(bearer|basic) +(\S+)$/i.exec(authorization ?? '') ?? []
  if (scheme === undefined || value === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return value
  const pair = Buffer.from(value, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}
