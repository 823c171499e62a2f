import type { Socket } from 'node:net'
import type { Config } from '../../config/config.ts'
import { proxyFor } from '../../config/network/outbound.ts'
import type { HostPort } from '../../http/host-port.ts'
import { type Clock, withDeadline } from '../../kernel/clock.ts'
import { ConnectError } from '../errors.ts'
import { abortable, type DialOptions, dial, type Lookup, portOf } from './dial.ts'
import { connectThrough } from './outbound-proxy.ts'
import { type Protocol, TlsClient } from './tls-client.ts'

/** The clock and name lookup that connections use; tests replace them. */
export interface ConnectorDeps {
  readonly clock: Clock
  readonly lookup: Lookup
}

/** Options of a connection for a client's tunnel, which differ from those of other connections. */
export type OpenOptions = Partial<Pick<DialOptions, 'lookup' | 'allowHalfOpen'>>

type Limits = OpenOptions & Pick<DialOptions, 'signal'>

/**
 * Opens connections as configured, directly or through the outbound proxy, and adds TLS. All connections to upstreams
 * are opened here.
 */
export class Connector {
  readonly #upstream: Config['upstream']
  readonly #deps: ConnectorDeps
  readonly #tls: TlsClient

  constructor(upstream: Config['upstream'], deps: ConnectorDeps) {
    this.#upstream = upstream
    this.#deps = deps
    this.#tls = new TlsClient(upstream.authorities)
  }

  /**
   * Opens a TCP connection, or one through the outbound proxy, to a host and port. `NO_PROXY` rules for https apply.
   * @throws {ConnectError}
   */
  open({ host, port }: HostPort, options: OpenOptions = {}): Promise<Socket> {
    const url = new URL(`https://${host}:${port}`)
    return this.#withTimeout(signal => this.#reach(url, { ...options, signal }))
  }

  /**
   * Connects to an origin. If it is https, that is with TLS, and the upstream chooses one of the protocols: see
   * `alpnProtocol` of the socket.
   * @throws {ConnectError}
   */
  connect(origin: string, protocols: readonly Protocol[]): Promise<Socket> {
    const url = new URL(origin)
    return this.#withTimeout(async signal => {
      const reaching = this.#reach(url, { signal })
      if (url.protocol !== 'https:') return reaching
      this.#tls.readAuthorities()
      return this.#encrypt(await reaching, url, protocols, signal)
    })
  }

  async #withTimeout(work: (signal: AbortSignal) => Promise<Socket>): Promise<Socket> {
    try {
      return await withDeadline(this.#deps.clock, this.#upstream.connectTimeout, undefined, work)
    } catch (error) {
      throw new ConnectError(error)
    }
  }

  /**
   * Opens a TCP connection or a tunnel. An outbound proxy gets half of the timeout, so that the rest is left for TLS.
   */
  #reach(url: URL, limits: Limits): Promise<Socket> {
    const { clock, lookup } = this.#deps
    const { outbound, connectTimeout } = this.#upstream
    const proxy = proxyFor(url, outbound)
    const target = { host: url.hostname, port: portOf(url) }
    if (proxy === null) return dial(target, { clock, lookup, ...limits })
    return connectThrough(proxy, target, {
      clock,
      timeout: connectTimeout / 2,
      signal: limits.signal,
      dial: (proxy, signal) => dial(proxy, { ...limits, clock, lookup, signal }),
      encrypt: (socket, url, signal) => this.#encrypt(socket, url, ['http/1.1'], signal),
    })
  }

  /** Starts TLS on a connection. The signal ends the connection when it aborts. */
  #encrypt(socket: Socket, url: URL, protocols: readonly Protocol[], signal: AbortSignal): Promise<Socket> {
    return this.#tls.encrypt(abortable(socket, signal), url, protocols)
  }
}
