import type { Clock } from '../../kernel/clock.ts'
import type { TraceContext } from '../../request/trace-context.ts'
import type { Dispatcher, DispatchOptions } from '../../upstream/dispatcher.ts'
import { type DispatchController, type DispatchHandler, PassingHandler } from '../../upstream/undici/handler.ts'
import { add, addMethod, addServer } from './http-attributes.ts'
import { failureOf } from './request-spans.ts'
import type { Attributes, TraceOutput } from './span.ts'

/** The status from which a response is an error for whoever sent the request. */
const ERROR = 400

/** What {@link TracedCalls} needs. */
export interface TracedCallsOptions {
  readonly output: TraceOutput
  readonly clock: Clock
  readonly tenant: string
}

/**
 * Traces calls that the proxy makes by itself, each in a trace of its own: no client's request is the only one that
 * needs a session. Only for calls whose path contains no secret; headers and bodies are not looked at.
 */
export class TracedCalls implements Pick<Dispatcher, 'dispatch'> {
  readonly #dispatcher: Pick<Dispatcher, 'dispatch'>
  readonly #options: TracedCallsOptions

  constructor(dispatcher: Pick<Dispatcher, 'dispatch'>, options: TracedCallsOptions) {
    this.#dispatcher = dispatcher
    this.#options = options
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    const trace = this.#options.output.begin(null)
    const reporting = trace.isSampled ? new EndHandler(handler, this.#reporter(trace, options)) : handler
    this.#dispatcher.dispatch(options, reporting)
  }

  /** Returns what reports the end of a call that begins now. */
  #reporter(trace: TraceContext, { method, origin, path }: DispatchOptions): Ended {
    const { output, clock, tenant } = this.#options
    const startedAt = clock.monotonic()
    return (status, error) => {
      const [now, took] = [clock.now(), clock.monotonic() - startedAt]
      const type = failureOf(error) ?? (status >= ERROR ? `${status}` : null)
      const attributes: Attributes = {}
      addMethod(attributes, method)
      addServer(attributes, `${origin}`)
      attributes['url.full'] = `${origin}${path}`
      if (status > 0) attributes['http.response.status_code'] = status
      add(attributes, 'error.type', type)
      attributes['prismacloud_proxy.tenant'] = tenant
      const name = `${method} ${path}`
      const failed = type !== null
      output.write([{ trace, parentId: null, name, kind: 'client', from: now - took, to: now, attributes, failed }])
    }
  }
}

/** Called at the end of a call with its status, or 0, and the error, if there was one. */
type Ended = (status: number, error: unknown) => void

/** Passes a response on, and reports when it is over: with its status, or 0, and the error, if there was one. */
class EndHandler extends PassingHandler {
  readonly #ended: Ended
  #status = 0

  constructor(handler: DispatchHandler, ended: Ended) {
    super(handler)
    this.#ended = ended
  }

  override onResponseStart(controller: DispatchController, status: number): void {
    this.#status = status
    super.onResponseStart(controller, status)
  }

  override onResponseEnd(controller: DispatchController): void {
    this.#ended(this.#status, undefined)
    super.onResponseEnd(controller)
  }

  override onResponseError(controller: DispatchController | null | undefined, error: Error): void {
    this.#ended(this.#status, error)
    super.onResponseError(controller, error)
  }
}
