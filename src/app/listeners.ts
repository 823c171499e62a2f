import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'
import { BACKLOG, type ListenAddress, listenWith, type OpenSocket, SecondListener } from '../kernel/further-address.ts'
import type { Log } from '../kernel/log.ts'
import type { Certificates } from '../tls/certificates.ts'
import { TlsFront } from '../tls/front.ts'
import { HTTP_OPTIONS } from './server.ts'

/** Options of {@link makeListeners}. Functions are called each time their value is needed. */
export interface ListenersOptions {
  readonly clock: Clock
  readonly log: Log
  /** The certificates for https clients; null if https is off. */
  readonly certificates: Certificates | null
  /** The certificates for CONNECT to API hosts; null if CONNECT is off. */
  readonly authority: Certificates | null
  readonly maxConnections: () => number
}

/** The listeners that accept connections for the server, in addition to the server itself. */
export interface Listeners {
  /** Accepts https; null if https is off. */
  readonly front: TlsFront | null
  /** Terminates TLS for CONNECT to API hosts; null if CONNECT is off. May be the front itself. */
  readonly interceptor: TlsFront | null
  /** The listener for the second loopback address, used if the server listens on both. */
  readonly second: SecondListener
}

/**
 * Creates the listeners of a server. They stop accepting when the server does, and the server closes only after they
 * have closed.
 */
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

/** Where a server listens: at one or two hosts with a port, at the path of a socket, or with an open socket. */
export type Place = ListenAddress | { readonly path: string } | OpenSocket

/**
 * Starts to listen, and resolves to a URL with the port in use, if there is one. Rejects as `net.Server` does.
 */
export async function listenAt(app: FastifyInstance, second: SecondListener, place: Place): Promise<string> {
  await app.ready()
  // with a socket, Fastify would listen on localhost, too
  if ('socket' in place) return `http://localhost:${await listenWith(app.server, place)}`
  return 'path' in place ? app.listen({ ...place, backlog: BACKLOG }) : second.beside(place, at => app.listen(at))
}
