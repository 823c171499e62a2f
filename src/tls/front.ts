import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createSecureContext, createServer, type SecureContext, TLSSocket } from 'node:tls'
import { LRUCache } from 'lru-cache'
import type { Clock, Timer } from '../kernel/clock.ts'
import { type ListenAddress, SecondListener } from '../kernel/further-address.ts'
import type { Log } from '../kernel/log.ts'
import type { Certificates } from './certificates.ts'
import { contextOptions, type Identity } from './identity.ts'

/** How often it is looked for another certificate, in milliseconds. */
const WATCH_INTERVAL = 5_000

/** How long a client has for its handshake, in milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000

/** Hosts with a certificate of their own that are kept. */
const MOST_HOSTS = 100

export interface TlsFrontOptions {
  readonly certificates: Certificates
  readonly clock: Clock
  readonly log: Log
  /** How many connections the server takes; as many again may be shaking hands. */
  readonly maxConnections: () => number
}

/** A listener that takes TLS off its connections and hands them to an HTTP server, whose bounds and end they share. */
export class TlsFront {
  readonly #http: Server
  readonly #options: TlsFrontOptions
  readonly #server
  readonly #further: SecondListener
  readonly #contexts = new LRUCache<string, SecureContext>({ max: MOST_HOSTS })
  /** By what tells them when they are done: where it listens the client's address and port, which both ends show. */
  readonly #shakingHands = new Map<unknown, Socket>()
  #identity: Identity | undefined
  #complaint = ''
  #watch: Timer | undefined
  #closed: Promise<unknown> | undefined

  constructor(http: Server, options: TlsFrontOptions) {
    this.#options = options
    this.#http = http
    this.#server = createServer({
      noDelay: true,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (host, done) => done(null, this.#contextFor(host)),
    })
    this.#further = new SecondListener(this.#server, { noDelay: true })
    this.#server.on('connection', socket => this.#watchHandshake(clientOf(socket), socket))
    this.#server.on('secureConnection', socket => {
      this.#shakingHands.delete(clientOf(socket))
      handOn(socket, http)
    })
  }

  /** What clients are to trust: a file; null where they know the authority. */
  get trust(): string | null {
    return this.#options.certificates.trust
  }

  /** Listens, and gives a URL with the port in use. Rejects as `net.Server` does, or with a `TlsError`. */
  async listen(place: ListenAddress): Promise<string> {
    await this.open()
    await this.#further.beside(place, at => once(this.#server.listen(at), 'listening'))
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`
  }

  /** Gets ready to shake hands. Rejects with a `TlsError`. */
  async open(): Promise<void> {
    if (this.#identity) return
    await this.#load()
    this.#watchOn()
  }

  /** Whether it has a certificate for a host of its own. */
  isCertified(host: string): boolean {
    return this.#contextFor(host) !== undefined
  }

  /**
   * Takes TLS off a connection that is open already, in the name of a host that {@link TlsFront.isCertified}, and hands it
   * on; `shaken` is told of what is handed on before.
   */
  terminate(socket: Socket, host: string, shaken: (secure: Socket) => void): void {
    const secureContext = this.#contextFor(host)
    const secure = new TLSSocket(socket, { isServer: true, ...(secureContext && { secureContext }) })
    this.#watchHandshake(secure, socket)
    secure.once('secure', () => {
      this.#shakingHands.delete(secure)
      shaken(secure)
      handOn(secure, this.#http)
    })
  }

  /** Accepts no more; resolves once the HTTP server has let go of all that came this way. */
  async close(): Promise<void> {
    this.#closed ??= this.#end()
    await this.#closed
  }

  #end(): Promise<unknown> {
    if (this.#watch) this.#options.clock.clearTimeout(this.#watch)
    const closed = Promise.all([new Promise(resolve => this.#server.close(resolve)), this.#further.close()])
    for (const socket of this.#shakingHands.values()) socket.destroy()
    return closed
  }

  #watchHandshake(key: unknown, socket: Socket): void {
    const { clock } = this.#options
    this.#shakingHands.set(key, socket)
    const timer = clock.setTimeout(() => this.#shakingHands.get(key)?.destroy(), HANDSHAKE_TIMEOUT)
    socket.once('close', () => {
      clock.clearTimeout(timer)
      this.#shakingHands.delete(key)
    })
  }

  async #load(): Promise<boolean> {
    const most = 2 * this.#options.maxConnections()
    this.#server.maxConnections = most
    this.#further.maxConnections = most
    const identity = await this.#options.certificates.read()
    if (identity === this.#identity) return false
    this.#server.setSecureContext(contextOptions(identity))
    this.#contexts.clear()
    this.#identity = identity
    return true
  }

  #contextFor(host: string): SecureContext | undefined {
    const known = this.#contexts.get(host)
    if (known) return known
    const identity = this.#options.certificates.forHost(host)
    const context = identity && createSecureContext(contextOptions(identity))
    if (context) this.#contexts.set(host, context)
    return context
  }

  /** Files are looked at again and again: that finds what no notification tells of, such as a file on a network share. */
  #watchOn(): void {
    if (this.#closed) return
    this.#watch = this.#options.clock.setTimeout(() => {
      void this.#look().then(() => this.#watchOn())
    }, WATCH_INTERVAL)
  }

  async #look(): Promise<void> {
    const { log } = this.#options
    try {
      if (await this.#load()) log.info('the certificate of the TLS listener has changed')
      this.#complaint = ''
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#complaint) log.error(`the certificate of the TLS listener stays: ${message}`)
      this.#complaint = message
    }
  }
}

/**
 * Gives a connection to an HTTP server, and has Node.js read it by events in place of its shortcut from the handle to the
 * parser. There, where a request comes while the answer before it is not all written, the parser is paused, and yet is
 * given the next TLS record if that has arrived too: the request is then refused as malformed (HPE_PAUSED; seen with 20.20
 * and 24.21).
 */
function handOn(socket: Socket, http: Server): void {
  http.emit('connection', socket)
  // any listener will do, as none is left
  socket.on('data', Boolean).off('data', Boolean)
}

function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
