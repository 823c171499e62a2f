import { Readable } from 'node:stream'
import type { Budget } from '../kernel/budget.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'

/** How long a client may pause while it sends its body, in milliseconds. */
const LONGEST_PAUSE = 60_000

/** How many bytes to read from the client before the upstream takes them. */
const READ_AHEAD = 64 * 1024

/** The memory that each kept piece takes in addition to its bytes, which a client may send one by one. */
const OVERHEAD = 256

/** What a {@link RequestBody} needs. */
export interface RequestBodyOptions {
  readonly clock: Clock
  /** The largest body to keep, in bytes. */
  readonly keep: number
  /** Limits the memory for the kept bodies of all requests together. */
  readonly memory: Budget
  /** Called with each piece that arrives. */
  received(piece: Buffer): void
}

/**
 * The body of a request. It is streamed as it arrives and kept at the same time, so that a retry can send it again:
 * first the kept part, then the rest. A body that exceeds its limits is no longer kept and can be sent only once. The
 * owner must call {@link RequestBody.release}.
 */
export class RequestBody {
  readonly #source: Readable
  readonly #options: RequestBodyOptions
  #pause: Timer | undefined
  #kept: Buffer[] = []
  /** The memory that the kept part takes, in bytes. */
  #held = 0
  #isKeptWhole = true
  #size = 0
  #isRead = false
  /** The pieces that were read before the body was first sent. */
  #ahead: Buffer[] = []
  #onFirst: ((piece: Buffer) => void) | undefined
  /** Set when the body has ended. Has an error if the body broke off. */
  #end: { readonly error?: Error } | undefined
  #sending: Readable | undefined

  constructor(source: Readable, options: RequestBodyOptions) {
    this.#source = source
    this.#options = options
  }

  /** Whether {@link RequestBody.send} may be called, for the first time or again. */
  get replayable(): boolean {
    return this.#isKeptWhole
  }

  /**
   * Resolves with the first piece of the body, or with an empty one if none arrives. May be called once, before the
   * body is sent.
   */
  first(): Promise<Buffer> {
    return new Promise(resolve => {
      this.#onFirst = resolve
      this.#read()
    })
  }

  /**
   * Sends the body from its beginning, and abandons the stream of an earlier call. May be called while the body is
   * replayable.
   */
  send(): Readable {
    const begun = this.#sending ? this.#kept : this.#ahead
    this.#ahead = []
    this.#sending?.destroy()
    const sending = new Readable({ highWaterMark: READ_AHEAD, read: () => this.#read() })
    // an abandoned stream may still fail, which no longer matters
    sending.on('error', () => {})
    this.#sending = sending
    for (const chunk of begun) sending.push(chunk)
    if (this.#end) finish(sending, this.#end)
    return sending
  }

  /** Frees the kept part, because no retry will need it. A stream that is already being sent goes on. */
  release(): void {
    if (!this.#isKeptWhole) return
    this.#options.memory.give(this.#held)
    this.#held = 0
    this.#kept = []
    this.#isKeptWhole = false
  }

  #read(): void {
    this.#pause ??= this.#options.clock.setTimeout(() => this.#finish({ error: tooSlow() }), LONGEST_PAUSE)
    if (this.#isRead) {
      this.#source.resume()
      return
    }
    this.#isRead = true
    this.#source.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#source.on('end', () => this.#finish({}))
    this.#source.on('error', error => this.#finish({ error }))
    this.#source.on('close', () => this.#finish({ error: new Error('the client has left') }))
  }

  #take(chunk: Buffer): void {
    this.#goOn()
    this.#size += chunk.length
    this.#options.received(chunk)
    if (this.#isKeptWhole) this.#keep(chunk)
    if (!this.#pass(chunk)) this.#source.pause()
    this.#onFirst?.(chunk)
  }

  /** Sends a piece, or stores it until the body is sent. Returns whether there is room for more. */
  #pass(chunk: Buffer): boolean {
    if (this.#sending) return this.#sending.push(chunk)
    this.#ahead.push(chunk)
    return this.#size < READ_AHEAD
  }

  #keep(chunk: Buffer): void {
    const { keep, memory } = this.#options
    const taken = chunk.length + OVERHEAD
    if (this.#size > keep || !memory.take(taken)) this.release()
    else {
      this.#held += taken
      this.#kept.push(chunk)
    }
  }

  #goOn(): void {
    if (this.#pause !== undefined) this.#options.clock.clearTimeout(this.#pause)
    this.#pause = undefined
  }

  #finish(end: { readonly error?: Error }): void {
    this.#goOn()
    if (this.#end) return
    this.#end = end
    this.#onFirst?.(Buffer.alloc(0))
    if (this.#sending) finish(this.#sending, end)
  }
}

function tooSlow(): Problem {
  const detail = `The client stopped sending the request body for ${LONGEST_PAUSE / 1000} s`
  return new Problem('invalid-request', detail, { status: 408, title: 'Request Timeout', retryable: true })
}

function finish(sending: Readable, { error }: { readonly error?: Error }): void {
  if (error) sending.destroy(error)
  else sending.push(null)
}
