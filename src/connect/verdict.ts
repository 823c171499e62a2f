import type { Config } from '../config/config.ts'
import { type HostPort, httpsHost, parseHostPort } from '../http/host-port.ts'
import { Problem } from '../problem/problem.ts'

/** The facts about a CONNECT request that the decision depends on. */
export interface ConnectFacts {
  /** The request target as sent. */
  readonly target: string
  /**
   * Whether the client token in `Proxy-Authorization` is valid. Also `missing` if no clients are configured, because
   * then no token is checked.
   */
  readonly token: 'valid' | 'missing' | 'wrong'
  /** Whether clients need a token. */
  readonly needsToken: boolean
}

/** The configuration that the decision about a CONNECT request depends on. */
export interface ConnectPolicy extends Pick<Config['connect'], 'others'> {
  /** Whether a host is the API of a tenant, or has Compute consoles. */
  isServedHost(host: string): boolean
  /** Whether the proxy has a certificate for a host, or can issue one. */
  isCertified(host: string): boolean
}

/** What to do with a connection: `serve` its requests in the host's name, or `tunnel` its bytes to the host, unseen. */
export interface ConnectVerdict {
  readonly action: 'serve' | 'tunnel'
  readonly hostPort: HostPort
}

/**
 * Decides on a CONNECT request.
 * @throws {Problem} `invalid-request`, `client-unauthorized` (407; RFC 9110, 15.5.8) or `host-not-allowed`
 */
export function judgeConnect({ target, token, needsToken }: ConnectFacts, policy: ConnectPolicy): ConnectVerdict {
  const hostPort = parseHostPort(target)
  if (!hostPort) throw new Problem('invalid-request', 'CONNECT needs a host and port, such as api2.prismacloud.io:443')
  if (token === 'wrong') throw unauthorized()
  const host = httpsHost(hostPort)
  if (policy.isServedHost(host)) {
    if (policy.isCertified(hostPort.host)) return { action: 'serve', hostPort }
    throw refused(`The local CA cannot issue a certificate for ${host}; use an address of this proxy instead`)
  }
  if (policy.others === 'refuse')
    throw refused(`${host} is not an API host of a tenant; set connect.others: tunnel to allow other hosts`)
  // requests in a tunnel cannot be checked later; those of a served host are
  if (needsToken && token === 'missing') throw unauthorized()
  return { action: 'tunnel', hostPort }
}

/** Makes the problem (405) that answers a CONNECT request while `connect.enabled` is off. */
export function notEnabled(): Problem {
  const detail = 'CONNECT is disabled; set connect.enabled: true'
  return new Problem('invalid-request', detail, { status: 405, title: 'Method Not Allowed' })
}

function unauthorized(): Problem {
  const detail = 'Send the client token as the proxy password: HTTPS_PROXY=http://any:TOKEN@HOST:PORT'
  return new Problem('client-unauthorized', detail, { status: 407, title: 'Proxy Authentication Required' })
}

function refused(detail: string): Problem {
  return new Problem('host-not-allowed', detail)
}
