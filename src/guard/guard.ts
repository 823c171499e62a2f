import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { Problem } from '../problem/problem.ts'
import { connectTunnelOf, proxyFormHost } from '../request/proxy-form.ts'
import { type Admission, admit, admitToReports, type Facts, isBlindRequest, type Verdict } from './admit.ts'
import { PAGE_TOKEN_HEADER } from './page-token-header.ts'

/**
 * Admits a request and returns the name of its client; null if no clients are configured, or the request needs no
 * token. `login` is the token of somebody who has logged in at the proxy's own page, if the request comes from there.
 * @throws {Problem} that says why the request is not admitted
 */
export function guard(request: IncomingMessage, admission: Admission, login?: string): string | null {
  return clientOf(admit(factsOf(request, tokenIn(request) ?? login), admission))
}

/**
 * Admits a request at `admin.address`, where no token is needed.
 * @throws {Problem} that says why the request is not admitted
 */
export function guardReports(request: IncomingMessage, admission: Pick<Admission, 'trustedHosts'>): void {
  clientOf(admitToReports(factsOf(request), admission))
}

function clientOf(verdict: Verdict): string | null {
  if (!verdict.admitted) throw new Problem(verdict.problem, verdict.detail)
  return verdict.client
}

/**
 * The `WWW-Authenticate` challenge for a client without a valid token (RFC 9110, 11.6.1). Once a browser has asked its
 * user for a password, it sends the password with the requests of every page. So Basic is not offered to browsers that
 * do not identify the page, nor to the proxy's own page, which asks its user itself.
 */
export function challengeTo(request: IncomingMessage): string {
  return PAGE_TOKEN_HEADER in request.headers || isBlindRequest(factsOf(request)) ? 'Bearer' : 'Bearer, Basic'
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

/**
 * Returns the client token of a request. Tools can send it in its own header, as credentials for an HTTP proxy, or as
 * credentials for the API.
 */
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

/**
 * Returns the client token in the credentials for an HTTP proxy. It is ignored from browsers that do not identify the
 * page, because they send these credentials with the requests of every page.
 */
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

/** The token in `Authorization`: after `Bearer` (RFC 6750), or the password of `Basic` (RFC 7617): `curl -u :TOKEN`. */
export function shownToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  const [, scheme, value] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme === undefined || value === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return value
  const pair = Buffer.from(value, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}
