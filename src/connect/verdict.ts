import type { Config } from '../config/config.ts'
import { type HostPort, httpsHost, parseAuthority } from '../http/host-port.ts'
import { Problem } from '../problem/problem.ts'

/** What is known of a request for a connection. */
export interface ConnectFacts {
  /** The request target as sent. */
  readonly target: string
  /** Who asks: a client by its token, somebody without one, or somebody with a wrong one. */
  readonly client: 'known' | 'unnamed' | 'unknown'
  /** Whether clients need a token. */
  readonly needsToken: boolean
}

/** What connections are made to. */
export interface ConnectPolicy extends Pick<Config['connect'], 'others'> {
  /** Whether a host is the API of a tenant, or has Compute consoles. */
  isServedHost(host: string): boolean
  /** Whether there is a certificate for a host. */
  isCertified(host: string): boolean
}

/** Where a connection leads: to this proxy in the host's name, or to the host itself, of which nothing is seen. */
export interface ConnectVerdict {
  readonly way: 'serve' | 'tunnel'
  readonly authority: HostPort
}

/**
 * Decides where a connection leads.
 * @throws {Problem} `invalid-request`, `client-unauthorized` (407; RFC 9110, 15.5.8) or `host-not-allowed`
 */
export function judgeConnect({ target, client, needsToken }: ConnectFacts, policy: ConnectPolicy): ConnectVerdict {
  const authority = parseAuthority(target)
  if (!authority)
    throw new Problem('invalid-request', 'CONNECT asks for a host and port, such as api2.prismacloud.io:443')
  if (client === 'unknown') throw unauthorized()
  if (policy.isServedHost(httpsHost(authority))) {
    if (policy.isCertified(authority.host)) return { way: 'serve', authority }
    throw refused(authority, 'the local CA cannot vouch for it: have the client use an address of this proxy itself')
  }
  if (policy.others === 'refuse')
    throw refused(authority, 'it is no API host of a tenant (connect.others: tunnel lets the client through)')
  // what is said in the tunnel nobody can look at
  if (needsToken && client === 'unnamed') throw unauthorized()
  return { way: 'tunnel', authority }
}

/** What is told where no connections are made at all. */
export function notEnabled(): Problem {
  const detail = 'CONNECT is not served: connect.enabled has this proxy be one for https'
  return new Problem('invalid-request', detail, { status: 405, title: 'Method Not Allowed' })
}

function unauthorized(): Problem {
  const detail = 'Show the client token as the password: HTTPS_PROXY=http://any:TOKEN@HOST:PORT'
  return new Problem('client-unauthorized', detail, { status: 407, title: 'Proxy Authentication Required' })
}

function refused(authority: HostPort, reason: string): Problem {
  return new Problem('host-not-allowed', `No connection is made to ${httpsHost(authority)}: ${reason}`)
}
