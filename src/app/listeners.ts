import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'
import { SecondListener } from '../kernel/further-address.ts'
import type { Log } from '../kernel/log.ts'
import type { Certificates } from '../tls/certificates.ts'
import { TlsFront } from '../tls/front.ts'
import { HTTP_OPTIONS } from './server.ts'

export interface ListenersOptions {
  readonly clock: Clock
  readonly log: Log
  /** What clients that speak https are shown, if any may. */
  readonly certificates: Certificates | null
  /** What clients are shown that use the proxy for https to API hosts, if any may. */
  readonly authority: Certificates | null
  readonly maxConnections: () => number
}

/** Everything beside the server itself that accepts connections for it. */
export interface Listeners {
  /** Accepts https, if anything does. */
  readonly front: TlsFront | null
  /** Speaks TLS in the name of API hosts, if anything does; it may be the front itself. */
  readonly interceptor: TlsFront | null
  /** The second loopback address, where the server listens at both. */
  readonly second: SecondListener
}

/** Makes the listeners of a server. They stop accepting when it does, and have closed when it has. */
export function makeListeners(app: FastifyInstance, options: ListenersOptions): Listeners {
  const { clock, log, certificates, authority, maxConnections } = options
  const frontWith = (shown: Certificates) =>
    new TlsFront(app.server, { certificates: shown, clock, log, maxConnections })
  const front = certificates && frontWith(certificates)
  const interceptor = authority && (authority === certificates ? front : frontWith(authority))
  const second = new SecondListener(app.server, { ...HTTP_OPTIONS, noDelay: true, allowHalfOpen: true })
  const all = [front, interceptor, second].filter(each => each !== null)
  app.addHook('preClose', done => {
    for (const each of all) void each.close()
    done()
  })
  app.addHook('onClose', async () => void (await Promise.all(all.map(each => each.close()))))
  return { front, interceptor, second }
}
