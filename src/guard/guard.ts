import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { Problem } from '../problem/problem.ts'
import { connectTunnelOf, proxyFormHost } from '../request/proxy-form.ts'
import { type Admission, admit, type Facts, isBlindRequest } from './admit.ts'

/** Gives the client that asks, by its name; null where clients have none. Throws the problem of whom it does not let in. */
export function guard(request: IncomingMessage, admission: Admission): string | null {
  const verdict = admit(factsOf(request, tokenIn(request)), admission)
  if (!verdict.admitted) throw new Problem(verdict.problem, verdict.detail)
  return verdict.client
}

/**
 * How a client that was not let in may show its token (RFC 9110, 11.6.1). A browser that has asked its user for a password
 * sends it for all pages from then on, so none is made to ask that does not say which page it is.
 */
export function challengeTo(request: IncomingMessage): string {
  return isBlindRequest(factsOf(request)) ? 'Bearer' : 'Bearer, Basic'
}

function factsOf(request: IncomingMessage, token?: string): Facts {
  const { headers, rawHeaders, socket } = request
  return {
    hosts: hostsIn(rawHeaders),
    proxiedHost: proxyFormHost(request),
    localAddress: socket.localAddress,
    isSecure: socket instanceof TLSSocket,
    headers,
    token,
  }
}

/** What a tool sends for the API or its proxy may be the token, or what it takes for one. */
function tokenIn(request: IncomingMessage): string | undefined {
  const { headers } = request
  return (
    headers['x-prismacloud-proxy-token']?.toString() ??
    connectTunnelOf(request)?.token ??
    proxyTokenIn(request) ??
    shownToken(headers.authorization) ??
    headers['x-redlock-auth']?.toString()
  )
}

/** What a browser shows to its proxy, it shows for every page. */
function proxyTokenIn(request: IncomingMessage): string | undefined {
  const token = shownToken(request.headers['proxy-authorization'])
  return token === undefined || isBlindRequest(factsOf(request)) ? undefined : token
}

function hostsIn(rawHeaders: readonly string[]): string[] {
  const hosts: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') hosts.push(String(rawHeaders[at + 1]))
  }
  return hosts
}

/** The token of `Authorization: Bearer TOKEN` (RFC 6750), or the password of `Basic` (RFC 7617): `curl -u :TOKEN`. */
export function shownToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  const [, scheme, value] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme === undefined || value === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return value
  const pair = Buffer.from(value, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}
