import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import type { ClientConfig } from '../config/config.ts'
import { bareHost, bracketedHost } from '../http/host.ts'
import type { ProblemName } from '../problem/catalogue.ts'
import { isLoopback } from '../stacks/loopback.ts'
import { looksLikeBrowser } from './browser.ts'

/** The facts about a request that determine whether it is admitted. */
export interface Facts {
  /** The values of all `Host` headers; a valid request has one (RFC 9112, 3.2). */
  readonly hosts: readonly string[]
  /** The host of a request target in absolute form, which overrides `Host` (RFC 9112, 3.2.2). */
  readonly proxiedHost: string | undefined
  /** The local address of the connection; undefined for a Unix socket. */
  readonly localAddress: string | undefined
  /** Whether the connection uses TLS. */
  readonly isSecure: boolean
  /** All headers, by lower-case name. */
  readonly headers: IncomingHttpHeaders
  /** The client token that the request carries, if any. */
  readonly token: string | undefined
}

/** The rules of admission. */
export interface Admission {
  /** Names that `Host` may have, in addition to loopback names and the local address. */
  readonly trustedHosts: readonly string[]
  /** Whether a host is the API of a tenant, so that a request in absolute form may name it. */
  isServedHost(host: string): boolean
  /** Whether the request is admitted even without a valid token; its client is then null. */
  readonly needsNone: boolean
  /** The clients and their tokens. If there are none, no token is required. */
  readonly clients: readonly Pick<ClientConfig, 'name' | 'token'>[]
  /** For a token that the proxy itself issued at login: the fingerprint of the client token used for it. */
  loggedIn(token: string): string | undefined
}

/** The decision on a request: admitted, or the problem to respond with. */
export type Verdict =
  | {
      readonly admitted: true
      /** The name of the client whose token was sent; null if no token is required and no valid one was sent. */
      readonly client: string | null
    }
  | { readonly admitted: false; readonly problem: ProblemName; readonly detail: string }

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/i

/** Decides whether a request may use the proxy's access keys. If in doubt, it may not. */
export function admit(facts: Facts, admission: Admission): Verdict {
  const name = hostName(facts)
  if (typeof name !== 'string') return name
  return (
    judgeHost(name, facts, admission) ??
    judgeOrigin(facts) ??
    judgeBrowser(name, facts, admission) ??
    judgeToken(facts, admission)
  )
}

/**
 * Decides whether a request may see the reports at `admin.address`, which need no token. Nothing can be changed there, so
 * only pages must be kept from reading them. Any IP address is allowed as the host, because a page that another name was
 * made to point at (DNS rebinding) has that name there, and because probes and scrapers name the address of a pod or of
 * a machine in front.
 */
export function admitToReports(facts: Facts, { trustedHosts }: Pick<Admission, 'trustedHosts'>): Verdict {
  const name = hostName(facts)
  if (typeof name !== 'string') return name
  const isAddress = facts.proxiedHost === undefined && isIP(bareHost(name)) !== 0
  const wrongHost = isAddress ? undefined : judgeHost(name, facts, { trustedHosts, isServedHost: () => false })
  return wrongHost ?? judgeOrigin(facts) ?? { admitted: true, client: null }
}

/** The host that a request names, in lower case and without the port, or the verdict if it is invalid. */
function hostName({ hosts, proxiedHost }: Facts): string | Verdict {
  const [host, ...others] = hosts
  if (host === undefined || others.length > 0)
    return refused('host-not-allowed', 'The request must have exactly one Host header')
  return (
    HOST.exec(proxiedHost ?? host)?.[1]?.toLowerCase() ??
    refused('host-not-allowed', 'The Host header is not a valid host name')
  )
}

/**
 * Allows only host names that cannot belong to anyone else. In DNS rebinding, a page makes its own name resolve to
 * 127.0.0.1, but its requests still carry that name in `Host`.
 */
function judgeHost(
  name: string,
  { proxiedHost, localAddress }: Facts,
  { trustedHosts, isServedHost }: Pick<Admission, 'trustedHosts' | 'isServedHost'>,
): Verdict | undefined {
  if (proxiedHost !== undefined && isServedHost(proxiedHost)) return undefined
  if (isLoopback(name) || name === asHost(localAddress) || trustedHosts.includes(name)) return undefined
  return refused(
    'host-not-allowed',
    proxiedHost === undefined
      ? `Host ${name} is not allowed; use localhost or add the name to listen.trustedHosts`
      : `Host ${name} is not allowed; as an HTTP proxy, this server connects only to the API hosts of its tenants`,
  )
}

/**
 * Rejects requests from pages other than the proxy's own. Browsers identify the page that sends a request (Fetch
 * standard; Fetch Metadata).
 */
function judgeOrigin({ hosts, proxiedHost, headers }: Facts): Verdict | undefined {
  const { origin, 'sec-fetch-site': secFetchSite } = headers
  if (origin === undefined && secFetchSite === undefined) return undefined
  const own = proxiedHost === undefined ? [`http://${hosts[0]}`, `https://${hosts[0]}`] : []
  if (origin !== undefined && !own.includes(origin)) {
    return refused('origin-not-allowed', 'The Origin header names another origin; web pages must not use this proxy')
  }
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin' && secFetchSite !== 'none') {
    return refused(
      'origin-not-allowed',
      'The Sec-Fetch-Site header shows a request from another origin; web pages must not use this proxy',
    )
  }
  return undefined
}

/** If no token is required, rejects browsers that do not identify the page. */
function judgeBrowser(name: string, facts: Facts, { clients }: Admission): Verdict | undefined {
  if (clients.length > 0 || !hidesPages(name, facts)) return undefined
  return refused(
    'origin-not-allowed',
    `Over http, browsers do not identify the page that sends a request to ${name}; use https or localhost, or set listen.clientTokenFile or clients`,
  )
}

/** Whether a request comes from a browser that does not identify the page that sends it. */
export function isBlindRequest(facts: Facts): boolean {
  const name = hostName(facts)
  return typeof name === 'string' && hidesPages(name, facts)
}

/**
 * Whether a browser does not identify its pages to this proxy. Browsers do so only over TLS and to loopback hosts
 * (Fetch Metadata, 2). Some do not count `localhost.` as loopback, nor any host that they reach through an HTTP proxy.
 */
function hidesPages(name: string, { isSecure, proxiedHost, headers }: Facts): boolean {
  if (isSecure) return false
  const alwaysIdentifies = proxiedHost === undefined && !name.endsWith('.')
  const identifies = alwaysIdentifies || headers['sec-fetch-site'] !== undefined
  return !(identifies && isLoopback(name)) && looksLikeBrowser(headers)
}

function judgeToken({ token }: Facts, admission: Admission): Verdict {
  const { needsNone, clients } = admission
  if (clients.length === 0) return { admitted: true, client: null }
  const client = clientBy(token, admission)
  if (client || needsNone) return { admitted: true, client: client?.name ?? null }
  return refused(
    'client-unauthorized',
    'The client token is missing or invalid; send Authorization: Bearer TOKEN, or use curl -u :TOKEN',
  )
}

/** The client that a token belongs to: its own token, or one that the proxy issued to it at login. */
export function clientBy(
  token: string | undefined,
  { clients, loggedIn }: Pick<Admission, 'clients' | 'loggedIn'>,
): Admission['clients'][number] | undefined {
  if (token === undefined) return undefined
  // all tokens are compared, so that the time taken does not reveal which one matched
  const [shown] = clients.filter(each => each.token.matches(token))
  if (shown) return shown
  const fingerprint = loggedIn(token)
  return clients.find(each => each.token.fingerprint === fingerprint)
}

/**
 * Formats an address as it appears in `Host`. On an IPv6 socket, an IPv4 address appears as `::ffff:192.0.2.1` (RFC
 * 4291, 2.5.5.2). A zone (`%eth0`) is dropped, because it has no meaning on other machines (RFC 6874).
 */
export function asHost(address = ''): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/, '').replace(/%.*$/, '')
  return bracketedHost(plain)
}

function refused(problem: ProblemName, detail: string): Verdict {
  return { admitted: false, problem, detail }
}
