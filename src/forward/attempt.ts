import type { Dispatcher } from 'undici'
import { headerOf, type RawHeaders } from '../http/raw-headers.ts'
import type { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Permit } from '../pacing/gate.ts'
import type { Pacer } from '../pacing/pacer.ts'
import { noteRequestId } from '../request/exchange.ts'
import type { Retry } from '../session/evidence.ts'
import type { Lease } from '../session/lease.ts'
import type { BaseUrl } from '../stacks/base.ts'
import type { Carrier } from '../upstream/undici/handler.ts'
import { isKeepable } from './cache-policy.ts'
import type { ForwardRequest } from './forward-request.ts'
import { upstreamHeaders } from './headers.ts'
import type { UpstreamBase } from './location.ts'
import { type BodySink, collectingSink, type ResponseOutcome, StreamingSink } from './response-body.ts'
import { ResponseHandler } from './response-handler.ts'
import { sendHead } from './response-head.ts'
import { acceptsToken } from './unauthorized.ts'

export const UNAUTHORIZED = 401

/**
 * How often a request is sent again with a renewed session: once, and once more where the new token had been revoked, too,
 * before it was there.
 */
const MAX_RENEWALS = 2

/** A session that was renewed for a request. */
export interface Renewed {
  readonly lease: Lease
  /** Told how the request is answered with it. */
  readonly retry: Retry
  /** How often it was, from 1. */
  readonly count: number
}

/** One of the times that a request is let through to the upstream. */
export interface Sending {
  /** From 0. */
  readonly number: number
  /** Where its endpoint has a limit: the one under way. */
  turn: Permit | undefined
  /** The session, where it was renewed for this attempt. */
  readonly renewed: Renewed | undefined
}

/** Whether the session may be renewed for the next attempt. */
export function mayRenew({ renewed }: Sending): boolean {
  return renewed === undefined || renewed.count < MAX_RENEWALS
}

/** What a request carries, and where to. */
export interface UpstreamRoute {
  readonly lease: Lease
  readonly home: UpstreamBase
}

export interface AttemptOptions {
  readonly clock: Clock
  readonly pacer: Pacer
  /** For the bodies of all errors that are collected. */
  readonly collected: Budget
}

/** Sends a request to the upstream once. The answer goes to the client, unless it is an error to be told or spared it. */
export class Attempt extends ResponseHandler {
  readonly #way: UpstreamRoute
  readonly #journey: ForwardRequest
  readonly #attempt: Sending
  /** As it is when the request is sent: a second sending has another. */
  readonly #turn: Permit | undefined
  readonly #options: AttemptOptions
  readonly #sentAt: number

  constructor(way: UpstreamRoute, journey: ForwardRequest, attempt: Sending, options: AttemptOptions) {
    super({ signal: journey.exchange.over, token: way.lease.token })
    this.#way = way
    this.#journey = journey
    this.#attempt = attempt
    this.#turn = attempt.turn
    this.#options = options
    this.#sentAt = options.clock.monotonic()
  }

  /** Goes on its way, once. Settles as {@link ResponseHandler.send}. */
  go(carrier: Carrier): Promise<ResponseOutcome> {
    return this.send(carrier, requestOf(this.#way, this.#journey))
  }

  override onData(chunk: Buffer): boolean {
    const { exchange, recorder } = this.#journey
    exchange.bytes += chunk.length
    recorder?.data(chunk)
    return super.onData(chunk)
  }

  protected begin(status: number, headers: RawHeaders): BodySink {
    const { clock, collected } = this.#options
    const { home } = this.#way
    const { exchange, response, recorder, passthrough, body } = this.#journey
    this.#note(status, headers)
    // errors are to be told, to be spared the client, or to be searched for what it may not see
    if (status >= 400)
      return collectingSink({ status, headers }, this, { clock, passthrough, memory: collected, over: exchange.over })
    body?.release()
    if (recorder && isKeepable(status, headers)) recorder.begin({ headers, home }, sizeOf(headers))
    return new StreamingSink(headers, response, this, () => sendHead(this.#journey, home, { status, headers }, clock))
  }

  #note(status: number, headers: RawHeaders): void {
    const { clock, pacer } = this.#options
    const { exchange, endpoint } = this.#journey
    const { number, renewed } = this.#attempt
    exchange.spent.upstream += clock.monotonic() - this.#sentAt
    exchange.bytes = 0
    noteRequestId(exchange, headers)
    const answer = { status, header: (name: string) => headerOf(headers, name), attempt: number }
    pacer.answered(endpoint, this.#turn, answer)
    if (status < 400) this.#way.lease.served(endpoint.key)
    if (renewed && acceptsToken(status)) renewed.retry.answered('good')
  }
}

/** The same place, and how the client reaches it here. */
export function upstreamBase({ origin, basePath }: BaseUrl, { prefix, apiTarget }: ForwardRequest): UpstreamBase {
  return { origin, basePath, prefix, apiTarget }
}

/** The request as the upstream gets it, with its body from the beginning. */
function requestOf(
  { lease, home }: UpstreamRoute,
  { request, apiTarget, readings, exchange, body, bodyType }: ForwardRequest,
): Dispatcher.DispatchOptions {
  return {
    origin: home.origin,
    path: home.basePath + apiTarget,
    method: exchange.method,
    headers: upstreamHeaders(request.rawHeaders, {
      token: lease.token,
      paths: readings.all,
      isJson: bodyType === 'json',
    }),
    body: body?.send() ?? null,
  }
}

/** In bytes: one for each character of latin1. */
function sizeOf(headers: RawHeaders): number {
  return headers.reduce((size, text) => size + text.length, 0)
}
