import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/ending.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Turn } from '../pacing/gate.ts'
import type { Pacer } from '../pacing/pacer.ts'
import type { Lease } from '../session/lease.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Place } from '../stacks/base.ts'
import { mayComeAgain } from './again.ts'
import { isKeepable } from './cacheable.ts'
import { headerOf, type RawHeaders, upstreamHeaders } from './headers.ts'
import type { Journey } from './journey.ts'
import type { Home } from './location.ts'
import { type RelayOptions, relay, type Verdict } from './relay.ts'
import { type Answer, isCollectable } from './sinks.ts'
import { type Head, sendHead } from './tell.ts'

export const UNAUTHORIZED = 401

/** One of the times that a request is let through to the upstream. */
export interface Attempt {
  /** From 0. */
  readonly number: number
  /** Where its endpoint has a limit: the one under way. */
  turn: Turn | undefined
  /** The lease of a session that was renewed for it, which is done once. */
  readonly renewed: Lease | undefined
}

/** What a request carries, and where to. */
export interface Way {
  readonly lease: Lease
  readonly home: Home
}

export interface TripOptions {
  readonly clock: Clock
  readonly sessions: Sessions
  readonly pacer: Pacer
}

/** Sends a request to the upstream once. The answer goes to the client, unless it is an error to be told or spared it. */
export function trip(
  way: Way,
  journey: Journey,
  attempt: Attempt,
  dispatcher: Dispatcher,
  options: TripOptions,
): Promise<Answer> {
  return relay(new Trip(way, journey, attempt, dispatcher, options))
}

class Trip implements RelayOptions {
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  readonly signal: EndSignal
  readonly response: ServerResponse
  readonly request: Dispatcher.DispatchOptions
  readonly token: Secret
  readonly #home: Home
  readonly #lease: Lease
  readonly #journey: Journey
  readonly #attempt: Attempt
  /** As it is when the request is sent: a second sending has another. */
  readonly #turn: Turn | undefined
  readonly #options: TripOptions
  readonly #sentAt: number

  constructor({ lease, home }: Way, journey: Journey, attempt: Attempt, dispatcher: Dispatcher, options: TripOptions) {
    this.dispatcher = dispatcher
    this.clock = options.clock
    this.signal = journey.exchange.over
    this.response = journey.response
    this.request = requestOf(journey, lease, home)
    this.token = lease.token
    this.#home = home
    this.#lease = lease
    this.#journey = journey
    this.#attempt = attempt
    this.#turn = attempt.turn
    this.#options = options
    this.#sentAt = options.clock.monotonic()
  }

  seen(chunk: Buffer): void {
    const { exchange, recorder } = this.#journey
    exchange.bytes += chunk.length
    recorder?.data(chunk)
  }

  decide(status: number, headers: RawHeaders): Verdict {
    const { clock, sessions, pacer } = this.#options
    const { exchange, endpoint, tenant } = this.#journey
    exchange.spent.upstream += clock.monotonic() - this.#sentAt
    exchange.bytes = 0
    exchange.upstreamRequestId = headerOf(headers, 'x-redlock-request-id') ?? null
    const answer = { status, header: (name: string) => headerOf(headers, name), attempt: this.#attempt.number }
    pacer.answered(endpoint, this.#turn, answer)
    if (status < 400) sessions.accept(tenant, this.#lease)
    return verdictOn({ status, headers }, this.#journey, this.#attempt)
  }

  sendHead(status: number, headers: RawHeaders): void {
    const { recorder } = this.#journey
    const home = this.#home
    if (recorder && isKeepable(status, headers)) recorder.begin({ headers, home }, sizeOf(headers))
    sendHead(this.#journey, home, { status, headers }, this.clock)
  }
}

/** The same place, and how the client reaches it here. */
export function homeAt({ api, basePath }: Place, { prefix }: Journey): Home {
  return { api, basePath, prefix }
}

function requestOf(
  { request, target, ruled, exchange, body, assumeJson }: Journey,
  { token }: Lease,
  { api, basePath }: Home,
): Dispatcher.DispatchOptions {
  return {
    origin: api,
    path: basePath + target,
    method: exchange.method,
    headers: upstreamHeaders(request.rawHeaders, { token, path: ruled, assumeJson }),
    body: body?.send() ?? null,
  }
}

/** Errors are kept, to be told or to be spared the client, but for those that it wants as they are. */
function verdictOn({ status, headers }: Head, journey: Journey, { number, renewed }: Attempt): Verdict {
  if (status < 400) return 'relay'
  if (!journey.passthrough || (!renewed && status === UNAUTHORIZED)) return 'collect'
  return isCollectable(headers) && mayComeAgain(status, journey, number) ? 'collect' : 'relay'
}

/** In bytes: one for each character of latin1. */
function sizeOf(headers: RawHeaders): number {
  return headers.reduce((size, text) => size + text.length, 0)
}
