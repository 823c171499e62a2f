import type { Dispatcher } from 'undici'
import type { Config } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import { lingerAfter } from '../kernel/linger.ts'
import { explainNetworkError } from '../kernel/network-error.ts'
import { readLimit } from '../pacing/bucket.ts'
import type { Pacer } from '../pacing/pacer.ts'
import { Problem } from '../problem/problem.ts'
import { isIdempotent } from '../problem/retryable.ts'
import { readUpstreamErrors } from '../problem/upstream.ts'
import type { Lease } from '../session/lease.ts'
import type { Sessions } from '../session/sessions.ts'
import { canResend, mayRetry } from './again.ts'
import type { Agents } from './agent.ts'
import { type Exchange, exchangeHeaders } from './exchange.ts'
import { clientHeaders, headerOf, headersByName, type RawHeaders, upstreamHeaders } from './headers.ts'
import { type Incoming, type Journey, planJourney } from './journey.ts'
import type { Home } from './location.ts'
import { maskAnswer, type Refusal } from './refusal.ts'
import { type RelayOptions, relay, type Verdict } from './relay.ts'
import type { Answer } from './sinks.ts'
import { meaningOf401 } from './unauthorized.ts'

const UNAUTHORIZED = 401

export interface ForwarderOptions {
  readonly clock: Clock
  readonly agents: Agents
  readonly sessions: Sessions
  readonly pacer: Pacer
  /** Throws the problem of a request that no policy allows. */
  readonly permit: (journey: Journey) => void
  /** As it is now: it may be read again while the proxy runs. */
  readonly config: () => Pick<Config, 'tenants' | 'defaultTenant' | 'errors' | 'assumeJson' | 'replay'>
}

type Decide = RelayOptions['decide']

/** The way of a request: tenant, turn, lease, upstream, client. */
export class Forwarder {
  readonly #options: ForwarderOptions

  constructor(options: ForwarderOptions) {
    this.#options = options
  }

  /**
   * Forwards one request and streams the answer to the client, or gives the upstream's error to be told.
   * @throws {Problem} when no answer could be had. If `takeOver` was called by then, the client's connection is closed.
   */
  async forward(incoming: Incoming): Promise<Refusal | undefined> {
    const { clock, config, permit, pacer, sessions } = this.#options
    const journey = planJourney(incoming, config(), clock)
    permit(journey)
    const { exchange, tenant, paced, paceKey, declaredLimit } = journey
    const turn = paced ? pacer.admit(paceKey, exchange.over, declaredLimit) : undefined
    if (turn) await this.#timed(exchange, 'queue', turn)
    return this.#send(journey, sessions.use(tenant) ?? (await this.#lease(journey)))
  }

  /** Sends the request, and once more with a renewed session where the first was answered 401 because of its token. */
  async #send(journey: Journey, lease: Lease): Promise<Refusal | undefined> {
    const { clock } = this.#options
    const first = await this.#attempt(journey, lease, status =>
      status === UNAUTHORIZED ? 'collect' : verdictOn(status, journey),
    )
    if (first?.answer.status !== UNAUTHORIZED) return first
    if (!this.#mayRenew(journey, lease, first) || !canResend(journey)) return tell(journey, first, clock)
    const renewed = await this.#lease(journey)
    // more of the body may have come meanwhile than is kept
    if (!canResend(journey)) return tell(journey, first, clock)
    journey.exchange.replayed = true
    return this.#attempt(journey, renewed, status => verdictOn(status, journey))
  }

  /** Takes a token out of use that the upstream answered with 401, and says whether a newer one may do better. */
  #mayRenew({ tenant }: Journey, lease: Lease, { answer }: Refusal): boolean {
    const meaning = meaningOf401(readUpstreamErrors({ headers: headersByName(answer.headers), body: answer.body }))
    return meaning !== 'permission' && this.#options.sessions.invalidate(tenant, lease, meaning === 'token')
  }

  /** Sends the request, and once more on a connection of its own where a kept one turned out to be closed. */
  async #attempt(journey: Journey, lease: Lease, decide: Decide): Promise<Refusal | undefined> {
    const { agents } = this.#options
    try {
      return refusalOf(await this.#relay(journey, lease, decide, agents.kept), journey, lease)
    } catch (error) {
      if (!mayRetry(error, journey)) throw problemOf(error, journey, lease)
      journey.exchange.replayed = true
    }
    try {
      return refusalOf(await this.#relay(journey, lease, decide, agents.fresh), journey, lease)
    } catch (error) {
      throw problemOf(error, journey, lease)
    }
  }

  #relay(journey: Journey, lease: Lease, decide: Decide, dispatcher: Dispatcher): Promise<Answer> {
    const { clock, pacer, sessions } = this.#options
    const { response, exchange, paceKey, tenant } = journey
    const home = homeOf(lease, journey)
    const sentAt = clock.monotonic()
    return relay({
      dispatcher,
      clock,
      signal: exchange.over,
      response,
      request: this.#request(journey, lease),
      count(bytes) {
        exchange.bytes += bytes
      },
      mask: headers => headers.map(text => lease.token.maskIn(text)),
      decide(status, headers) {
        exchange.spent.upstream += clock.monotonic() - sentAt
        exchange.upstreamRequestId = headerOf(headers, 'x-redlock-request-id') ?? null
        pacer.observe(
          paceKey,
          readLimit(name => headerOf(headers, name)),
        )
        if (status < 400) sessions.accept(tenant, lease)
        return decide(status, headers)
      },
      sendHead: (status, headers) => sendHead(journey, home, { status, headers }, clock),
    })
  }

  #lease({ exchange, tenant }: Journey): Promise<Lease> {
    return this.#timed(exchange, 'session', this.#options.sessions.acquire(tenant, exchange.over))
  }

  #request({ request, target, exchange, body }: Journey, lease: Lease): Dispatcher.DispatchOptions {
    const assumeJson = body !== undefined && this.#options.config().assumeJson
    return {
      origin: lease.target.api,
      path: lease.target.basePath + target,
      method: exchange.method,
      headers: upstreamHeaders(request.rawHeaders, { token: lease.token, path: target, assumeJson }),
      body: body?.send() ?? null,
    }
  }

  async #timed<T>({ spent }: Exchange, what: keyof Exchange['spent'], work: Promise<T>): Promise<T> {
    const from = this.#options.clock.monotonic()
    try {
      return await work
    } finally {
      spent[what] += this.#options.clock.monotonic() - from
    }
  }
}

function refusalOf(answer: Answer, journey: Journey, lease: Lease): Refusal | undefined {
  if (answer.kind === 'relayed') return undefined
  return { home: homeOf(lease, journey), answer: journey.passthrough ? answer : maskAnswer(answer, lease.token) }
}

function verdictOn(status: number, { passthrough }: Journey): Verdict {
  return status >= 400 && !passthrough ? 'collect' : 'relay'
}

function homeOf({ target }: Lease, { prefix }: Journey): Home {
  return { api: target.api, basePath: target.basePath, prefix }
}

function sendHead(
  { response, exchange, takeOver }: Journey,
  home: Home,
  { status, headers }: { readonly status: number; readonly headers: RawHeaders },
  clock: Clock,
): void {
  const head = clientHeaders(headers, home)
  head.push(...exchangeHeaders(exchange))
  lingerAfter(response, clock)
  response.writeHead(status, head)
  takeOver()
}

/** Gives an error to be told, or passes it on as it came where that is asked for. */
function tell(journey: Journey, refusal: Refusal, clock: Clock): Refusal | undefined {
  if (!journey.passthrough) return refusal
  const { body, complete } = refusal.answer
  sendHead(journey, refusal.home, refusal.answer, clock)
  journey.response.write(body)
  if (complete) journey.response.end()
  else journey.response.destroy()
  return undefined
}

/** What the client is told of an error; once it has left, the error as it is. */
function problemOf(error: unknown, { exchange }: Journey, { target }: Lease): unknown {
  if (exchange.over.aborted || error instanceof Problem) return error
  const { nature, maybeSent, detail } = explainNetworkError(error, new URL(target.api).host)
  return new Problem(`upstream-${nature}`, detail, {
    cause: error,
    retryable: !maybeSent || isIdempotent(exchange.method),
  })
}
