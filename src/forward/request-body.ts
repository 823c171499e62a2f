import { Readable } from 'node:stream'
import type { Budget } from '../kernel/budget.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'

/** A client that is waited for may pause for so many milliseconds in the middle of its body. */
const LONGEST_PAUSE = 60_000

/** So many bytes are read ahead of the upstream. */
const READ_AHEAD = 64 * 1024

/** What a piece that is kept takes beside its bytes: a client may send them one by one. */
const OVERHEAD = 256

export interface RequestBodyOptions {
  readonly clock: Clock
  /** The largest body that is kept, in bytes. */
  readonly keep: number
  /** For all bodies that are kept. */
  readonly memory: Budget
}

/**
 * The body of a request, streamed as it comes and kept meanwhile, so that it can be sent a second time: the kept part
 * again, then the rest. Past what may be kept the beginning is let go, and the body can be sent only once. Its owner has to
 * {@link RequestBody.release} it.
 */
export class RequestBody {
  readonly #source: Readable
  readonly #options: RequestBodyOptions
  #pause: Timer | undefined
  #kept: Buffer[] = []
  /** What the kept part takes. */
  #held = 0
  #isKeptWhole = true
  #size = 0
  #isRead = false
  /** What was read before it was sent for the first time. */
  #ahead: Buffer[] = []
  #onFirst: ((piece: Buffer) => void) | undefined
  /** How the body ended: with an error where it broke off. */
  #end: { readonly error?: Error } | undefined
  #sending: Readable | undefined

  constructor(source: Readable, options: RequestBodyOptions) {
    this.#source = source
    this.#options = options
  }

  /** Whether {@link RequestBody.send} may be called, for the first time or once more. */
  get replayable(): boolean {
    return this.#isKeptWhole
  }

  /** The first piece once it is there, or nothing where none comes. It may be asked for once, before the body is sent. */
  first(): Promise<Buffer> {
    return new Promise(resolve => {
      this.#onFirst = resolve
      this.#read()
    })
  }

  /** The body from its beginning, in place of the sending before. It may be called while it is replayable. */
  send(): Readable {
    const begun = this.#sending ? this.#kept : this.#ahead
    this.#ahead = []
    this.#sending?.destroy()
    const sending = new Readable({ highWaterMark: READ_AHEAD, read: () => this.#read() })
    // a sending that was given up may still fail, of which nobody needs to hear
    sending.on('error', () => {})
    this.#sending = sending
    for (const chunk of begun) sending.push(chunk)
    if (this.#end) finish(sending, this.#end)
    return sending
  }

  /** Lets go what is kept: it is not needed any more. A sending that has begun goes on. */
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
    if (this.#isKeptWhole) this.#keep(chunk)
    if (!this.#pass(chunk)) this.#source.pause()
    this.#onFirst?.(chunk)
  }

  /** Sends a piece, or puts it by until that is done, and says whether there is room for more. */
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
  const detail = `The client sent nothing of its body for ${LONGEST_PAUSE / 1000} s`
  return new Problem('invalid-request', detail, { status: 408, title: 'Request Timeout', retryable: true })
}

function finish(sending: Readable, { error }: { readonly error?: Error }): void {
  if (error) sending.destroy(error)
  else sending.push(null)
}
