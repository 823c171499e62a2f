import type { Socket } from 'node:net'
import { buildConnector } from 'undici'
import type { Config } from '../../config/config.ts'
import { proxyFor } from '../../config/network/outbound.ts'
import { bareHost } from '../../http/host.ts'
import { type Clock, withDeadline } from '../../kernel/clock.ts'
import { ConnectError } from '../network-error.ts'
import { mend } from '../undici/patch-connection.ts'
import { bound, type DialOptions, dial, type End, type Lookup, portOf } from './dial.ts'
import { connectThrough } from './outbound-proxy.ts'
import { trusting } from './trust.ts'

/** What connections take from their surroundings. */
export interface ConnectorDeps {
  readonly clock: Clock
  readonly lookup: Lookup
}

/** What the connection of a client's tunnel wants otherwise. */
export type OpenOptions = Partial<Pick<DialOptions, 'lookup' | 'allowHalfOpen'>>

type Limits = OpenOptions & Pick<DialOptions, 'signal'>

/** Opens connections as configured: directly, or by way of the outbound proxy where one leads there. */
export class Connector {
  readonly #upstream: Config['upstream']
  readonly #deps: ConnectorDeps
  readonly #secure: buildConnector.connector

  constructor(upstream: Config['upstream'], deps: ConnectorDeps) {
    this.#upstream = upstream
    this.#deps = deps
    // the deadline is kept here, over all that it takes to connect
    this.#secure = buildConnector({ timeout: 0, ...trusting(upstream.authorities) })
  }

  /**
   * Opens a connection to the port of a host, for https as far as `NO_PROXY` tells protocols apart.
   * @throws {ConnectError}
   */
  open({ host, port }: End, options: OpenOptions = {}): Promise<Socket> {
    const url = new URL(`https://${host}:${port}`)
    return this.#inTime(signal => this.#reach(url, { ...options, signal }))
  }

  /** Connects for undici, with TLS where the protocol says so. Fails with a {@link ConnectError}. */
  connect({ protocol, host }: buildConnector.Options, done: buildConnector.Callback): void {
    const url = new URL(`${protocol}//${host}`)
    this.#inTime(async signal => {
      const socket = await this.#reach(url, { signal })
      return protocol === 'https:' ? this.#encrypt(socket, url, signal) : socket
    }).then(
      socket => mend(socket, () => done(null, socket)),
      error => done(error, null),
    )
  }

  async #inTime(work: (signal: AbortSignal) => Promise<Socket>): Promise<Socket> {
    try {
      return await withDeadline(this.#deps.clock, this.#upstream.connectTimeout, undefined, work)
    } catch (error) {
      throw new ConnectError(error)
    }
  }

  /** A TCP connection, or a tunnel, which an outbound proxy has half of the time to make: TLS in it has the other. */
  #reach(url: URL, limits: Limits): Promise<Socket> {
    const { clock, lookup } = this.#deps
    const { outbound, connectTimeout } = this.#upstream
    const proxy = proxyFor(url, outbound)
    const end = { host: url.hostname, port: portOf(url) }
    if (proxy === null) return dial(end, { clock, lookup, ...limits })
    return connectThrough(proxy, end, {
      clock,
      timeout: connectTimeout / 2,
      signal: limits.signal,
      dial: (end, signal) => dial(end, { ...limits, clock, lookup, signal }),
      encrypt: (socket, url, signal) => this.#encrypt(socket, url, signal),
    })
  }

  /** TLS over a connection, which ends with the signal. */
  #encrypt(socket: Socket, { protocol, host, hostname, port }: URL, signal: AbortSignal): Promise<Socket> {
    const options = { protocol, host, hostname: bareHost(hostname), port, httpSocket: bound(socket, signal) }
    return new Promise((resolve, reject) => {
      this.#secure(options, (error, secure) => (secure ? resolve(secure) : reject(error)))
    })
  }
}
