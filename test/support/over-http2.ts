import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as secure } from 'node:tls'
import type { Config } from '../../src/config/config.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { Agents } from '../../src/upstream/agent.ts'
import type { Dispatcher, DispatchOptions } from '../../src/upstream/dispatcher.ts'
import { Http2Connection } from '../../src/upstream/http2/connection.ts'
import type { DispatchHandler } from '../../src/upstream/undici/handler.ts'
import { startFront } from './http2-front.ts'

/** Whether tests are to send their requests over HTTP/2. */
export const IS_OVER_HTTP2 = process.env.TEST_OVER_HTTP2 === '1'

/** Files of tests that cannot apply over HTTP/2. */
const OF_HTTP1 = new Set([
  // how a response is malformed is for HTTP/1.1 to say
  'invalid-answers.test.ts',
  'length-mismatch-is-not-the-fault.test.ts',
  // they count writes, for which the front has its own
  'head-at-once.test.ts',
  // such a response is malformed in HTTP/2 (RFC 9113, 8.1.1)
  'no-content-with-a-length.test.ts',
  'without-content.test.ts',
  // the front does not send such a status
  'odd-status-is-not-500.test.ts',
])

/** Whether a file of tests applies to this run. */
export function applies(file: string): boolean {
  return !IS_OVER_HTTP2 || !OF_HTTP1.has(file)
}

/** A header's name as it arrives, which is in lower case over HTTP/2. */
export function arrivingName(name: string): string {
  return IS_OVER_HTTP2 ? name.toLowerCase() : name
}

/** Has requests to http upstreams go over HTTP/2, through a front that translates them. https is left as it is. */
export function overHttp2(agents: Agents, limits: Config['upstream']): Agents {
  const pool = new SharedConnections(agents, agents.pool, limits)
  const fresh = new SharedConnections(agents, agents.fresh, limits, true)
  return {
    ...agents,
    pool,
    fresh,
    reload(upstream) {
      agents.reload(upstream)
      pool.retire()
    },
    async destroy() {
      await Promise.all([pool.destroy(), fresh.destroy(), agents.destroy()])
    },
  }
}

/** Sends requests on one connection for each origin, or on one for each request. */
class SharedConnections implements Dispatcher {
  readonly #agents: Agents
  readonly #direct: Dispatcher
  readonly #limits: Config['upstream']
  readonly #isOneShot: boolean
  readonly #open = new Set<Http2Connection>()
  readonly #opening = new Map<string, Promise<Http2Connection>>()
  readonly #shared = new Map<string, Http2Connection>()
  #isDestroyed = false

  constructor(agents: Agents, direct: Dispatcher, limits: Config['upstream'], isOneShot = false) {
    this.#agents = agents
    this.#direct = direct
    this.#limits = limits
    this.#isOneShot = isOneShot
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    const origin = String(options.origin)
    if (this.#isDestroyed || !origin.startsWith('http:')) this.#direct.dispatch(options, handler)
    else
      this.#connection(origin).then(
        connection => {
          connection.dispatch(options, handler)
          if (this.#isOneShot) connection.retire()
        },
        error => handler.onResponseError(null, error),
      )
  }

  retire(): void {
    for (const connection of this.#open) connection.retire()
  }

  async destroy(): Promise<void> {
    this.#isDestroyed = true
    for (const connection of this.#open) connection.destroy()
  }

  async #connection(origin: string): Promise<Http2Connection> {
    if (this.#isOneShot) return this.#connect(origin)
    for (;;) {
      const shared = this.#shared.get(origin)
      if (shared && shared.capacity > 0) return shared
      const opening = this.#opening.get(origin)
      if (opening) await opening
      else {
        const begun = this.#connect(origin).finally(() => this.#opening.delete(origin))
        this.#opening.set(origin, begun)
        this.#shared.set(origin, await begun)
        return begun
      }
    }
  }

  async #connect(origin: string): Promise<Http2Connection> {
    const { hostname: host, port } = new URL(origin)
    const target = { host, port: Number(port || 80) }
    const socket = await this.#agents.open(target)
    const front = await startFront()
    const tcp = connect({ port: front.port, host: '127.0.0.1', noDelay: true }).on('error', () => {})
    await once(tcp, 'connect')
    front.expect(Number(tcp.localPort), target, socket)
    const tls = secure({ socket: tcp, servername: 'localhost', ca: front.ca, ALPNProtocols: ['h2'] })
    await once(tls, 'secureConnect')
    const { headersTimeout, bodyTimeout } = this.#limits
    const connection: Http2Connection = new Http2Connection(origin.replace('http:', 'https:'), tls, {
      // as undici does
      clock: systemClock,
      headersTimeout,
      bodyTimeout,
      maxHeaderSize: 64 * 1024,
      closed: () => this.#open.delete(connection),
    })
    this.#open.add(connection)
    if (this.#isDestroyed) connection.destroy()
    return connection
  }
}
