import type { RawHeaders } from '../http/raw-headers.ts'
import { type Clock, withDeadline } from '../kernel/clock.ts'
import { USER_AGENT } from '../kernel/product.ts'
import type { Dispatcher, DispatchOptions } from './dispatcher.ts'
import { type DispatchController, type DispatchHandler, rawText } from './undici/handler.ts'

/** The most bytes of a response to read. A token takes a few KB, a list of tenants a few hundred KB. */
const MAX_BODY = 1024 * 1024

/** A request that this proxy makes itself, such as a login. It is sent with the proxy's own `User-Agent`. */
export interface OwnRequest extends Pick<DispatchOptions, 'method' | 'path' | 'body'> {
  readonly origin: string
  readonly headers?: readonly string[]
}

/** The whole response to a request that this proxy made itself. */
export interface Reply {
  readonly status: number
  readonly headers: RawHeaders
  readonly body: Buffer
  /** False if the body was cut off: at 1 MiB or, in an error response, where the upstream broke off. */
  readonly complete: boolean
}

/** How long {@link ask} waits, and what ends it early. */
export interface AskOptions {
  readonly clock: Clock
  /** The timeout of the whole exchange in milliseconds, from connecting to the last byte of the response. */
  readonly timeout: number
  /** Aborts when nobody waits for the response any more. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends a request that this proxy makes itself, and reads the response. Rejects if there is no response, if one with a
 * status below 400 breaks off, after the timeout (`DEADLINE`), and with the signal's reason when the signal aborts.
 */
export function ask(
  dispatcher: Pick<Dispatcher, 'dispatch'>,
  request: OwnRequest,
  { clock, timeout, signal }: AskOptions,
): Promise<Reply> {
  const named = { ...request, headers: ['user-agent', USER_AGENT, ...(request.headers ?? [])] }
  return withDeadline(
    clock,
    timeout,
    signal,
    ended => new Promise((...settle) => dispatcher.dispatch(named, new CollectingHandler(ended, ...settle))),
  )
}

/**
 * Collects the response. undici's `request` would need less code, but takes other paths through undici and Node's
 * streams than proxied requests do. Once V8 has seen both, the code that they share is slower for every client's
 * request.
 */
class CollectingHandler implements DispatchHandler {
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
      controller.abort(new Error('the rest of the response is not needed'))
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
