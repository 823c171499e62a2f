import type { RawHeaders } from '../http/raw-headers.ts'
import { type Clock, withDeadline } from '../kernel/clock.ts'
import { USER_AGENT } from '../kernel/product.ts'
import type { Dispatcher, DispatchOptions } from './dispatcher.ts'
import { type DispatchController, type DispatchHandler, rawText } from './undici/handler.ts'

/** No answer is read beyond this many bytes; a token is a few KB, a list of tenants a few hundred. */
const MAX_BODY = 1024 * 1024

/** A request of this proxy's own, which says so. */
export interface OwnRequest extends Pick<DispatchOptions, 'method' | 'path' | 'body'> {
  readonly origin: string
  readonly headers?: readonly string[]
}

/** What an upstream answered to a request of this proxy's own. */
export interface Reply {
  readonly status: number
  readonly headers: RawHeaders
  readonly body: Buffer
  /** False when the body was cut off: as larger than any that is expected or, where it is an error's, by the upstream. */
  readonly complete: boolean
}

export interface AskOptions {
  readonly clock: Clock
  /** Milliseconds that it may take in all. */
  readonly timeout: number
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends a request of this proxy's own and reads the answer. Rejects when none came, when one that is no error broke off,
 * when time is up, and with the signal's reason.
 */
export function ask(
  dispatcher: Dispatcher,
  request: OwnRequest,
  { clock, timeout, signal }: AskOptions,
): Promise<Reply> {
  const named = { ...request, headers: ['user-agent', USER_AGENT, ...(request.headers ?? [])] }
  return withDeadline(
    clock,
    timeout,
    signal,
    ended => new Promise((...settle) => dispatcher.dispatch(named, new Asking(ended, ...settle))),
  )
}

/**
 * Receives the answer. undici's `request` would do for less code, but is a way of its own through undici and Node's streams:
 * once V8 has met both it makes slower code of what they share, which every client's request then pays for.
 */
class Asking implements DispatchHandler {
  readonly #signal: AbortSignal
  readonly #resolve: (reply: Reply) => void
  readonly #reject: (error: unknown) => void
  readonly #chunks: Buffer[] = []
  #size = 0
  #status = 0
  #headers: RawHeaders = []

  constructor(signal: AbortSignal, resolve: (reply: Reply) => void, reject: (error: unknown) => void) {
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
  }

  onRequestStart(controller: DispatchController): void {
    const leave = () => controller.abort(this.#signal.reason)
    if (this.#signal.aborted) leave()
    else this.#signal.addEventListener('abort', leave)
  }

  onResponseStart({ rawHeaders }: DispatchController, status: number): void {
    this.#status = status
    this.#headers = rawText(rawHeaders)
  }

  onResponseData(controller: DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size <= MAX_BODY) this.#chunks.push(chunk)
    else {
      this.#settle(false)
      controller.abort(new Error('the rest of the answer is not waited for'))
    }
  }

  onResponseEnd(): void {
    this.#settle(true)
  }

  onResponseError(_controller: DispatchController | null | undefined, error: Error): void {
    if (this.#status >= 400) this.#settle(false)
    else this.#reject(error)
  }

  #settle(complete: boolean): void {
    const body = Buffer.concat(this.#chunks)
    this.#resolve({ status: this.#status, headers: this.#headers, body, complete })
  }
}
