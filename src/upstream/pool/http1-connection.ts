import type { Socket } from 'node:net'
import { type buildConnector, Client } from 'undici'
import type { Instant } from '../../kernel/instant.ts'
import type { DispatchOptions } from '../dispatcher.ts'
import type { DispatchHandler } from '../undici/handler.ts'
import { patchConnection } from '../undici/patch-connection.ts'
import { Undici7Handler } from '../undici/undici7.ts'

/** Told what becomes of a connection. */
export interface ConnectionEvents {
  /** It is open before a request has taken it. */
  opened(connection: Http1Connection): void
  /** It has ended, or could not be opened. */
  ended(connection: Http1Connection): void
}

/** What an {@link Http1Connection} needs. */
export interface Http1Options {
  readonly origin: string
  /** Opens another connection to the origin. Rejects with a `ConnectError`. */
  readonly open: () => Promise<Socket>
  readonly events: ConnectionEvents
  readonly client: Client.Options
}

/**
 * An HTTP/1.1 connection that carries one request at a time: one client of undici, which gets the connection with its
 * first request. If it ends before a request is written to it, undici has another one opened for that request.
 */
export class Http1Connection {
  /** Since when this connection has carried no request. The pool that keeps the connection sets it. */
  idleSince: Instant = { wall: 0, monotonic: 0 }
  readonly #options: Http1Options
  readonly #client: Client
  #isOpening = false
  #isUsed = false
  /** The connection, while it waits for its first request. */
  #waiting: Socket | undefined
  /** undici's callback, while it waits for the connection. */
  #handOver: buildConnector.Callback | undefined

  constructor(opening: Promise<Socket>, options: Http1Options) {
    const { origin, client, events } = options
    this.#options = options
    this.#client = new Client(origin, { ...client, connect: (_options, done) => this.#connect(done) })
    this.#client.on('disconnect', () => events.ended(this)).on('connectionError', () => events.ended(this))
    this.#open(opening)
  }

  /** Whether it has carried a request. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** Whether it has been closed, or will be after its request. */
  get isClosed(): boolean {
    return this.#client.closed || this.#client.destroyed
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    this.#isUsed = true
    this.#client.dispatch(options, new Undici7Handler(handler))
  }

  /** Closes it after its request. */
  close(): void {
    this.#client.close(() => {})
  }

  /** Closes it at once. A request that it carries fails. */
  async destroy(): Promise<void> {
    this.#release()?.destroy()
    await this.#client.destroy()
  }

  #open(opening: Promise<Socket>): void {
    this.#isOpening = true
    opening.then(
      socket => this.#opened(socket),
      error => this.#failed(error),
    )
  }

  #opened(socket: Socket): void {
    this.#isOpening = false
    socket.on('error', () => {})
    const handOver = this.#handOver
    this.#handOver = undefined
    if (handOver) patchConnection(socket, () => handOver(null, socket))
    else if (this.isClosed) socket.destroy()
    else this.#wait(socket)
  }

  #failed(error: Error): void {
    this.#isOpening = false
    const handOver = this.#handOver
    this.#handOver = undefined
    if (handOver) handOver(error, null)
    else this.#options.events.ended(this)
  }

  /** Waits for the first request. Whatever the upstream sends before that, and be it the end, ends the connection. */
  #wait(socket: Socket): void {
    this.#waiting = socket.once('readable', this.#lost).once('close', this.#lost)
    this.#options.events.opened(this)
  }

  readonly #lost = () => {
    this.#release()?.destroy()
    this.#options.events.ended(this)
  }

  /** Takes the connection from where it waits. */
  #release(): Socket | undefined {
    const socket = this.#waiting?.off('readable', this.#lost).off('close', this.#lost)
    this.#waiting = undefined
    return socket
  }

  #connect(done: buildConnector.Callback): void {
    const socket = this.#release()
    this.#handOver = done
    // undici does not expect the connection before this returns
    if (socket) queueMicrotask(() => this.#opened(socket))
    else if (!this.#isOpening) this.#open(this.#options.open())
  }
}
