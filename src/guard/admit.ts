import type { IncomingHttpHeaders } from 'node:http'
import type { ClientConfig } from '../config/config.ts'
import type { ProblemName } from '../problem/catalogue.ts'
import { isLoopback } from '../stacks/loopback.ts'
import { looksLikeBrowser } from './browser.ts'

/** What is known of a request before it is let in. */
export interface Facts {
  /** Every `Host` header that came; a good request has one (RFC 9112, 3.2). */
  readonly hosts: readonly string[]
  /** The host of a request in absolute form, which counts instead of `Host` (RFC 9112, 3.2.2). */
  readonly proxiedHost: string | undefined
  /** The address at which it arrived; undefined for a Unix socket. */
  readonly localAddress: string | undefined
  /** Whether it came by TLS. */
  readonly isSecure: boolean
  /** All headers, by their lower-case names. */
  readonly headers: IncomingHttpHeaders
  /** The token that the client showed, if any. */
  readonly token: string | undefined
}

/** Who is let in. */
export interface Admission {
  /** Names, beside loopback names and the address itself, that `Host` may carry. */
  readonly trustedHosts: readonly string[]
  /** Whether a host is an API of a tenant: requests in absolute form may be for it. Nothing else is proxied. */
  isServedHost(host: string): boolean
  /** Whether who shows no good token is let in all the same, as nobody. */
  readonly needsNone: boolean
  /** Whose tokens are good; where there are none, none is asked for. */
  readonly clients: readonly Pick<ClientConfig, 'name' | 'token'>[]
  /** The fingerprint of the token for which another was issued when a client logged in here, if that is what it is. */
  loggedIn(token: string): string | undefined
}

export type Verdict =
  | {
      readonly admitted: true
      /** The name of the client whose token was shown; null where none was, and none was asked for. */
      readonly client: string | null
    }
  | { readonly admitted: false; readonly problem: ProblemName; readonly detail: string }

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/i

/** Decides who may use the access key that this proxy holds. When in doubt, nobody. */
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

/** The host that a request is for, in lower case and without its port, or why it cannot be told. */
function hostName({ hosts, proxiedHost }: Facts): string | Verdict {
  const [host, ...others] = hosts
  if (host === undefined || others.length > 0)
    return refused('host-not-allowed', 'The request must have one Host header')
  return (
    HOST.exec(proxiedHost ?? host)?.[1]?.toLowerCase() ??
    refused('host-not-allowed', 'The Host header is not a host name')
  )
}

/**
 * A page that has its own name resolve to 127.0.0.1 (DNS rebinding) still sends that name as `Host`, so only names that
 * cannot be anybody else's are served.
 */
function judgeHost(
  name: string,
  { proxiedHost, localAddress }: Facts,
  { trustedHosts, isServedHost }: Admission,
): Verdict | undefined {
  if (proxiedHost !== undefined && isServedHost(proxiedHost)) return undefined
  if (isLoopback(name) || name === asHost(localAddress) || trustedHosts.includes(name)) return undefined
  return refused(
    'host-not-allowed',
    proxiedHost === undefined
      ? `Host ${name} is not served: use localhost, or add the name to listen.trustedHosts`
      : `Host ${name} is not served: as a proxy this one leads to the API hosts of its tenants alone`,
  )
}

/** A browser says which page asks (Fetch standard; Fetch Metadata); only pages of this proxy itself may. */
function judgeOrigin({ hosts, proxiedHost, headers }: Facts): Verdict | undefined {
  const { origin, 'sec-fetch-site': secFetchSite } = headers
  if (origin === undefined && secFetchSite === undefined) return undefined
  const own = proxiedHost === undefined ? [`http://${hosts[0]}`, `https://${hosts[0]}`] : []
  if (origin !== undefined && !own.includes(origin)) {
    return refused('origin-not-allowed', 'Web pages of another origin may not use this proxy')
  }
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin' && secFetchSite !== 'none') {
    return refused('origin-not-allowed', 'Web pages of another site may not use this proxy')
  }
  return undefined
}

/** Where nobody has to show a token, no browser is let in that does not say which page asks. */
function judgeBrowser(name: string, facts: Facts, { clients }: Admission): Verdict | undefined {
  if (clients.length > 0 || !hidesPages(name, facts)) return undefined
  return refused(
    'origin-not-allowed',
    `Over http browsers do not say which page asks, so none is served at ${name}: set listen.clientTokenFile or clients, or use https or localhost`,
  )
}

/** Whether a request is of a browser that does not say whether a page asks, and which. */
export function isBlindRequest(facts: Facts): boolean {
  const name = hostName(facts)
  return typeof name === 'string' && hidesPages(name, facts)
}

/**
 * Browsers say it to loopback and over TLS alone (Fetch Metadata, 2). Not all of them take `localhost.` for loopback, nor
 * what they send to a proxy.
 */
function hidesPages(name: string, { isSecure, proxiedHost, headers }: Facts): boolean {
  if (isSecure) return false
  const isSureToTell = proxiedHost === undefined && !name.endsWith('.')
  const tells = isSureToTell || headers['sec-fetch-site'] !== undefined
  return !(tells && isLoopback(name)) && looksLikeBrowser(headers)
}

function judgeToken({ token }: Facts, admission: Admission): Verdict {
  const { needsNone, clients } = admission
  if (clients.length === 0) return { admitted: true, client: null }
  const client = clientBy(token, admission)
  if (client || needsNone) return { admitted: true, client: client?.name ?? null }
  return refused('client-unauthorized', 'Show the client token: curl -u :TOKEN, or Authorization: Bearer TOKEN')
}

/** The client that a token is of, or one that it got by it when it logged in here. */
export function clientBy(
  token: string | undefined,
  { clients, loggedIn }: Pick<Admission, 'clients' | 'loggedIn'>,
): Admission['clients'][number] | undefined {
  if (token === undefined) return undefined
  // each is compared, so that the time does not tell which of them was near
  const [shown] = clients.filter(each => each.token.matches(token))
  if (shown) return shown
  const fingerprint = loggedIn(token)
  return clients.find(each => each.token.fingerprint === fingerprint)
}

/**
 * An address as it stands in `Host`. An IPv4 client of an IPv6 socket is shown as `::ffff:192.0.2.1` (RFC 4291,
 * 2.5.5.2); a zone (`%eth0`) means something on its own machine alone (RFC 6874) and is left out.
 */
function asHost(address = ''): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/, '').replace(/%.*$/, '')
  return plain.includes(':') ? `[${plain}]` : plain
}

function refused(problem: ProblemName, detail: string): Verdict {
  return { admitted: false, problem, detail }
}
