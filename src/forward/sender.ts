import type { Dispatcher } from 'undici'
import { explainNetworkError } from '../kernel/network-error.ts'
import type { Turn } from '../pacing/gate.ts'
import type { Pacer } from '../pacing/pacer.ts'
import { Problem } from '../problem/problem.ts'
import { isIdempotent } from '../problem/retryable.ts'
import { readUpstreamErrors } from '../problem/upstream.ts'
import type { Lease } from '../session/lease.ts'
import { isSamePlace, type Place } from '../stacks/base.ts'
import { canResend, mayComeAgain, mayRetry } from './again.ts'
import type { Agents } from './agent.ts'
import { isKeepable } from './cacheable.ts'
import type { Consoles } from './consoles.ts'
import { timed } from './exchange.ts'
import { headerOf, headersByName, type RawHeaders, upstreamHeaders } from './headers.ts'
import type { Journey } from './journey.ts'
import { acquireLease, type LeaseOptions } from './lease.ts'
import type { Home } from './location.ts'
import { maskAnswer, type Refusal } from './refusal.ts'
import { relay, type Verdict } from './relay.ts'
import { type Answer, type Collected, isCollectable } from './sinks.ts'
import { type Head, sendHead } from './tell.ts'
import { meaningOf401 } from './unauthorized.ts'

const UNAUTHORIZED = 401

export interface SenderOptions extends LeaseOptions {
  readonly agents: Agents
  readonly pacer: Pacer
  readonly consoles: Consoles
}

/** One of the times that a request is let through to the upstream. */
export interface Attempt {
  /** From 0. */
  readonly number: number
  /** Where its endpoint has a limit: the one under way. */
  turn: Turn | undefined
}

/** What a request carries, and where to. */
interface Way {
  readonly lease: Lease
  readonly home: Home
  /** Whether the session may be renewed if its token turns out to be at fault. */
  readonly renewable: boolean
}

/** Makes an attempt: lease, upstream, client; and once more with another session or connection where only that was at fault. */
export class Sender {
  readonly #options: SenderOptions

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /**
   * Sends a request and streams the answer to the client, or gives the upstream's error.
   * @throws {Problem} when no answer could be had
   */
  async send(journey: Journey, attempt: Attempt): Promise<Refusal | undefined> {
    let hasLease = false
    try {
      const lease = await acquireLease(journey, this.#options)
      hasLease = true
      return await this.#sendWithSession(lease, journey, attempt)
    } catch (error) {
      if (hasLease) attempt.turn?.lost()
      else attempt.turn?.unused()
      throw error
    }
  }

  /** Sends the request, and once more with a renewed session where the first was answered 401 because of its token. */
  async #sendWithSession(lease: Lease, journey: Journey, attempt: Attempt): Promise<Refusal | undefined> {
    const first = await this.#sendWith(lease, journey, attempt, true)
    if (first?.answer.status !== UNAUTHORIZED) return first
    if (!this.#mayRenew(journey, lease, first) || !canResend(journey)) return first
    const renewed = await acquireLease(journey, this.#options)
    // more of the body may have come meanwhile than is kept
    if (!canResend(journey)) return first
    this.#replay(journey, attempt)
    return this.#sendWith(renewed, journey, attempt, false)
  }

  /** Takes a token out of use that the upstream answered with 401, and says whether a newer one may do better. */
  #mayRenew({ tenant }: Journey, lease: Lease, { answer }: Refusal): boolean {
    const meaning = meaningOf401(readUpstreamErrors({ headers: headersByName(answer.headers), body: answer.body }))
    return meaning !== 'permission' && this.#options.sessions.invalidate(tenant, lease, meaning === 'token')
  }

  /** Sends the request, and once more on a connection of its own where a kept one turned out to be closed. */
  async #sendWith(lease: Lease, journey: Journey, attempt: Attempt, renewable: boolean): Promise<Refusal | undefined> {
    const { kept, fresh } = this.#options.agents
    const home = journey.compute ? await this.#console(lease, journey, attempt) : homeAt(lease.target, journey)
    if ('answer' in home) return home
    const way = { lease, home, renewable }
    try {
      return unlessRelayed(await this.#relay(way, journey, attempt, kept), journey, way)
    } catch (error) {
      if (!mayRetry(error, journey)) throw problemOf(error, journey, home)
    }
    this.#replay(journey, attempt)
    try {
      return unlessRelayed(await this.#relay(way, journey, attempt, fresh), journey, way)
    } catch (error) {
      throw problemOf(error, journey, home)
    }
  }

  /** Where the Compute console is, or the error with which the API answered the question. */
  async #console(lease: Lease, journey: Journey, attempt: Attempt): Promise<Home | Refusal> {
    const { clock, consoles } = this.#options
    const api = homeAt(lease.target, journey)
    try {
      const found = await timed(clock, journey.exchange, 'session', consoles.find(lease))
      if (!('status' in found)) return homeAt(asAsked(found, journey), journey)
      attempt.turn?.unused()
      return refusalOf(found, journey, { lease, home: api })
    } catch (error) {
      throw problemOf(error, journey, api)
    }
  }

  /** The upstream counts a request as often as it is sent. */
  #replay({ exchange, endpoint }: Journey, attempt: Attempt): void {
    exchange.replayed = true
    attempt.turn?.lost()
    attempt.turn = this.#options.pacer.pass(endpoint)
  }

  #relay(way: Way, journey: Journey, { number, turn }: Attempt, dispatcher: Dispatcher): Promise<Answer> {
    const { lease, home } = way
    const { clock, pacer, sessions } = this.#options
    const { response, exchange, endpoint, tenant, recorder } = journey
    const sentAt = clock.monotonic()
    return relay({
      dispatcher,
      clock,
      signal: exchange.over,
      response,
      request: requestOf(journey, lease, home),
      seen(chunk) {
        exchange.bytes += chunk.length
        recorder?.data(chunk)
      },
      token: lease.token,
      decide(status, headers) {
        exchange.spent.upstream += clock.monotonic() - sentAt
        exchange.bytes = 0
        exchange.upstreamRequestId = headerOf(headers, 'x-redlock-request-id') ?? null
        pacer.answered(endpoint, turn, { status, header: name => headerOf(headers, name), attempt: number })
        if (status < 400) sessions.accept(tenant, lease)
        return verdictOn({ status, headers }, way, journey, number)
      },
      sendHead(status, headers) {
        if (recorder && isKeepable(status, headers)) recorder.begin({ headers, home }, sizeOf(headers))
        sendHead(journey, home, { status, headers }, clock)
      },
    })
  }
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

function unlessRelayed(answer: Answer, journey: Journey, way: Way): Refusal | undefined {
  return answer.kind === 'relayed' ? undefined : refusalOf(answer, journey, way)
}

function refusalOf(answer: Collected, { passthrough }: Journey, { lease, home }: Pick<Way, 'lease' | 'home'>): Refusal {
  return { home, answer: passthrough ? answer : maskAnswer(answer, lease.token) }
}

/** Errors are kept, to be told or to be spared the client, but for those that it wants as they are. */
function verdictOn({ status, headers }: Head, { renewable }: Way, journey: Journey, number: number): Verdict {
  if (status < 400) return 'relay'
  if (!journey.passthrough || (renewable && status === UNAUTHORIZED)) return 'collect'
  return isCollectable(headers) && mayComeAgain(status, journey, number) ? 'collect' : 'relay'
}

/** In bytes: one for each character of latin1. */
function sizeOf(headers: RawHeaders): number {
  return headers.reduce((size, text) => size + text.length, 0)
}

/** Who asks for a console by its own address gets no other. */
function asAsked(found: Place, { console, tenant }: Journey): Place {
  if (!console || isSamePlace(console, found)) return found
  const detail = `The Compute console of the tenant ${tenant} is another, at ${found.api}${found.basePath}`
  throw new Problem(
    'invalid-request',
    `${detail}: name the tenant in x-prismacloud-tenant, or give each its computeUrl`,
  )
}

function homeAt({ api, basePath }: Place, { prefix }: Journey): Home {
  return { api, basePath, prefix }
}

/** What the client is told of an error; once it has left, the error as it is. */
function problemOf(error: unknown, { exchange }: Journey, { api }: Home): unknown {
  if (exchange.over.aborted || error instanceof Problem) return error
  const { nature, maybeSent, detail } = explainNetworkError(error, new URL(api).host)
  return new Problem(`upstream-${nature}`, detail, {
    cause: error,
    retryable: !maybeSent || isIdempotent(exchange.method),
  })
}
