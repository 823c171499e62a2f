import { headerOf, type RawHeaders } from '../http/raw-headers.ts'
import type { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Pacer } from '../pacing/pacer.ts'
import type { Permit } from '../pacing/permit.ts'
import type { Destination } from '../request/destination.ts'
import { noteRequestId, noteSent } from '../request/exchange.ts'
import { type AttemptStep, beginAttempt } from '../request/steps.ts'
import type { TraceContext } from '../request/trace-context.ts'
import type { Retry } from '../session/evidence.ts'
import type { Lease } from '../session/lease.ts'
import type { BaseUrl } from '../stacks/base.ts'
import type { Dispatcher, DispatchOptions } from '../upstream/dispatcher.ts'
import type { DispatchController } from '../upstream/undici/handler.ts'
import { acceptsToken } from '../upstream-errors/token-verdict.ts'
import { isKeepable } from './cache-policy.ts'
import type { ForwardRequest } from './forward-request.ts'
import { upstreamHeaders } from './headers/headers.ts'
import type { UpstreamBase } from './headers/location.ts'
import { type BodySink, collectingSink, type ResponseOutcome, StreamingSink } from './response-body.ts'
import { ResponseHandler } from './response-handler.ts'
import { sendHead } from './response-head.ts'

/** The lease, permit and destination of an attempt, and where to report its result. */
export interface AttemptContext {
  readonly lease: Lease
  readonly base: UpstreamBase
  /** The permit; undefined if the endpoint is known to have no limit, or pacing is off. */
  readonly permit: Permit | undefined
  /** How many times the API has already refused the request (429, 503). The pause grows with this number. */
  readonly refusals: number
  /** Receives what the response says about the lease's token, if the session was renewed for this attempt. */
  readonly renewal: Retry | undefined
}

/** What every {@link Attempt} needs. */
export interface AttemptOptions {
  readonly clock: Clock
  readonly pacer: Pacer
  /** Limits the memory for the collected bodies of all error responses together. */
  readonly collected: Budget
  /** Whether the upstream is told of the spans of traced requests. */
  readonly propagates: boolean
}

/**
 * Sends a request to the upstream once and receives the response. A successful response is streamed to the client; an
 * error response is collected for the caller.
 */
export class Attempt extends ResponseHandler {
  readonly #request: ForwardRequest
  readonly #context: AttemptContext
  readonly #options: AttemptOptions
  readonly #sentAt: number
  readonly #step: AttemptStep | null
  /** The status of the response; 0 until there is one. */
  #status = 0

  constructor(request: ForwardRequest, context: AttemptContext, options: AttemptOptions) {
    super({ signal: request.exchange.over, token: context.lease.token })
    this.#request = request
    this.#context = context
    this.#options = options
    this.#sentAt = options.clock.monotonic()
    this.#step = beginAttempt(request.exchange, context.base, this.#sentAt)
  }

  /** Sends the request. Resolves and rejects as {@link ResponseHandler.send} does. */
  go(dispatcher: Dispatcher): Promise<ResponseOutcome> {
    const trace = this.#options.propagates ? (this.#step?.trace ?? this.#request.exchange.trace) : null
    return this.send(dispatcher, upstreamRequest(this.#request, this.#context, trace))
  }

  override resolve(answer: ResponseOutcome): void {
    if (this.#step) this.#step.to = this.#options.clock.monotonic()
    super.resolve(answer)
  }

  override reject(error: unknown): void {
    if (this.#step) {
      this.#step.to = this.#options.clock.monotonic()
      this.#step.error = error
    }
    super.reject(error)
  }

  override onResponseData(controller: DispatchController, chunk: Buffer): void {
    this.#request.recorder?.data(chunk)
    super.onResponseData(controller, chunk)
  }

  sent(piece: Buffer): void {
    noteSent(this.#request.exchange, piece, this.#status)
  }

  protected begin(status: number, headers: RawHeaders): BodySink {
    const { clock, collected } = this.#options
    const { base } = this.#context
    const { exchange, response, recorder, plan, body } = this.#request
    this.#status = status
    this.#note(status, headers)
    if (status >= 400) {
      const options = { clock, passthrough: plan.passthrough, memory: collected, over: exchange.over }
      return collectingSink({ status, headers }, this, options)
    }
    body?.release()
    if (recorder && isKeepable(status, headers)) recorder.begin({ headers, base }, sizeOf(headers))
    return new StreamingSink(headers, response, this, () => sendHead(this.#request, base, { status, headers }, clock))
  }

  /** Passes what the head of the response says to the exchange, the pacer, the session and the renewal. */
  #note(status: number, headers: RawHeaders): void {
    const { clock, pacer } = this.#options
    const { exchange, plan } = this.#request
    const { lease, permit, refusals, renewal } = this.#context
    exchange.spent.upstream += clock.monotonic() - this.#sentAt
    if (this.#step) this.#step.status = status
    noteRequestId(exchange, headers)
    pacer.answered(plan.endpoint, permit, { status, header: name => headerOf(headers, name), attempt: refusals })
    if (status < 400) lease.served(plan.endpoint.key)
    if (renewal && acceptsToken(status)) renewal.answered('good')
  }
}

/** The base URL of an API, and how the client reaches it through this proxy. */
export function upstreamBase({ origin, basePath }: BaseUrl, { prefix, apiTarget }: Destination): UpstreamBase {
  return { origin, basePath, prefix, apiTarget }
}

/** Builds the request for undici, with the body from its beginning. */
function upstreamRequest(
  { request, exchange, plan, body, bodyType }: ForwardRequest,
  { lease, base }: AttemptContext,
  trace: TraceContext | null,
): DispatchOptions {
  return {
    origin: base.origin,
    path: base.basePath + plan.apiTarget,
    method: exchange.method,
    headers: upstreamHeaders(request.rawHeaders, {
      token: lease.token,
      paths: plan.readings.all,
      isJson: bodyType === 'json',
      trace,
    }),
    body: body?.send() ?? null,
  }
}

/** The size of headers in bytes. Each latin1 character is one byte. */
function sizeOf(headers: RawHeaders): number {
  return headers.reduce((size, text) => size + text.length, 0)
}
