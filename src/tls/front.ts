import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createSecureContext, createServer, type SecureContext, TLSSocket } from 'node:tls'
import { LRUCache } from 'lru-cache'
import type { Clock, Timer } from '../kernel/clock.ts'
import { type ListenAddress, listenWith, type OpenSocket, SecondListener } from '../kernel/further-address.ts'
import type { Log } from '../kernel/log.ts'
import type { Certificates } from './certificates.ts'
import { contextOptions, type Identity } from './identity.ts'

/** How often the certificate is checked for changes, in milliseconds. */
const WATCH_INTERVAL = 5_000

/** How long a client may take for its TLS handshake, in milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000

/** How many hosts can have their own certificates cached. */
const MAX_HOSTS = 100

/** What a {@link TlsFront} needs. */
export interface TlsFrontOptions {
  readonly certificates: Certificates
  readonly clock: Clock
  readonly log: Log
  /** How many connections the HTTP server accepts. The same number may be in their handshake. */
  readonly maxConnections: () => number
}

/** A TLS listener that hands its decrypted connections to an HTTP server, which limits and drains them as its own. */
export class TlsFront {
  readonly #http: Server
  readonly #options: TlsFrontOptions
  readonly #server
  readonly #secondListener: SecondListener
  readonly #contexts = new LRUCache<string, SecureContext>({ max: MAX_HOSTS })
  /**
   * The sockets whose handshake is in progress. The key is known when it starts and when it ends: the client's address,
   * or the TLS socket.
   */
  readonly #handshakes = new Map<unknown, Socket>()
  #identity: Identity | undefined
  #lastFault = ''
  #watchTimer: Timer | undefined
  #closed: Promise<unknown> | undefined

  constructor(http: Server, options: TlsFrontOptions) {
    this.#options = options
    this.#http = http
    this.#server = createServer({
      noDelay: true,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (host, done) => done(null, this.#contextFor(host)),
    })
    this.#secondListener = new SecondListener(this.#server, { noDelay: true })
    this.#server.on('connection', socket => this.#limitHandshake(clientOf(socket), socket))
    this.#server.on('secureConnection', socket => {
      this.#handshakes.delete(clientOf(socket))
      handOver(socket, http)
    })
  }

  /** The path of the certificate that clients must trust. Null if they know its CA already. */
  get trust(): string | null {
    return this.#options.certificates.trust
  }

  /**
   * Starts to listen, and resolves with a URL that has the port in use. Rejects as `net.Server` does, or with a
   * `TlsError`.
   */
  listen(place: ListenAddress): Promise<string>
  listen(place: OpenSocket): Promise<string>
  async listen(place: ListenAddress | OpenSocket): Promise<string> {
    await this.open()
    if ('socket' in place) return `https://localhost:${await listenWith(this.#server, place)}`
    await this.#secondListener.beside(place, at => once(this.#server.listen(at), 'listening'))
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`
  }

  /** Loads the certificate and watches it for changes. Rejects with a `TlsError`. */
  async open(): Promise<void> {
    if (this.#identity) return
    await this.#load()
    this.#watch()
  }

  /** Whether a host has a certificate of its own. */
  isCertified(host: string): boolean {
    return this.#contextFor(host) !== undefined
  }

  /**
   * Terminates TLS on an open connection with the certificate of `host`, and hands the connection to the HTTP server.
   * Requires {@link TlsFront.isCertified} for the host. Calls `onSecure` with the decrypted connection just before
   * handing it over.
   */
  terminate(socket: Socket, host: string, onSecure: (secure: Socket) => void): void {
    const secureContext = this.#contextFor(host)
    const secure = new TLSSocket(socket, { isServer: true, ...(secureContext && { secureContext }) })
    this.#limitHandshake(secure, socket)
    secure.once('secure', () => {
      this.#handshakes.delete(secure)
      onSecure(secure)
      handOver(secure, this.#http)
    })
  }

  /** Stops accepting connections. Resolves once the HTTP server has closed all connections that came this way. */
  async close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    await this.#closed
  }

  #shutDown(): Promise<unknown> {
    if (this.#watchTimer) this.#options.clock.clearTimeout(this.#watchTimer)
    const closed = Promise.all([new Promise(resolve => this.#server.close(resolve)), this.#secondListener.close()])
    for (const socket of this.#handshakes.values()) socket.destroy()
    return closed
  }

  /** Destroys a connection whose handshake takes too long. */
  #limitHandshake(key: unknown, socket: Socket): void {
    const { clock } = this.#options
    this.#handshakes.set(key, socket)
    const timer = clock.setTimeout(() => this.#handshakes.get(key)?.destroy(), HANDSHAKE_TIMEOUT)
    socket.once('close', () => {
      clock.clearTimeout(timer)
      this.#handshakes.delete(key)
    })
  }

  /** Reads the certificate, and returns whether it has changed. */
  async #load(): Promise<boolean> {
    const max = 2 * this.#options.maxConnections()
    this.#server.maxConnections = max
    this.#secondListener.maxConnections = max
    const identity = await this.#options.certificates.read()
    if (identity === this.#identity) return false
    this.#server.setSecureContext(contextOptions(identity))
    this.#contexts.clear()
    this.#identity = identity
    return true
  }

  #contextFor(host: string): SecureContext | undefined {
    const cached = this.#contexts.get(host)
    if (cached) return cached
    const identity = this.#options.certificates.forHost(host)
    const context = identity && createSecureContext(contextOptions(identity))
    if (context) this.#contexts.set(host, context)
    return context
  }

  /** Checks for changes periodically. Polling also finds changes without a file system event, as on a network share. */
  #watch(): void {
    if (this.#closed) return
    this.#watchTimer = this.#options.clock.setTimeout(() => {
      void this.#reload().then(() => this.#watch())
    }, WATCH_INTERVAL)
  }

  /** Loads a changed certificate, and logs that, or a new reason why it cannot be loaded. */
  async #reload(): Promise<void> {
    const { log } = this.#options
    try {
      if (await this.#load()) log.info('reloaded the TLS certificate')
      this.#lastFault = ''
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#lastFault)
        log.error(`cannot reload the TLS certificate; still using the previous one: ${message}`)
      this.#lastFault = message
    }
  }
}

/**
 * Hands a connection to an HTTP server and makes Node.js read it with 'data' events, instead of its direct path from
 * the handle to the parser. On that path, the parser is paused when a request arrives before the previous response is
 * written, and yet gets the next TLS record if it has arrived, too. The request is then rejected as malformed
 * (HPE_PAUSED; seen with Node.js 20.20 and 24.21).
 */
function handOver(socket: Socket, http: Server): void {
  http.emit('connection', socket)
  // adding any listener is enough, even if it is removed at once
  socket.on('data', Boolean).off('data', Boolean)
}

function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
