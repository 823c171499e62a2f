import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Config } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import { errorCodes, explainNetworkError } from '../kernel/network-error.ts'
import type { Secret } from '../kernel/secret.ts'
import { readLimit } from '../pacing/bucket.ts'
import type { Pacer } from '../pacing/pacer.ts'
import { Problem } from '../problem/problem.ts'
import { isIdempotent } from '../problem/retryable.ts'
import type { Lease } from '../session/lease.ts'
import type { Sessions } from '../session/sessions.ts'
import { canResend, mayRenew, mayRetry } from './again.ts'
import { type Exchange, exchangeHeaders } from './exchange.ts'
import { clientHeaders, headerOf, type RawHeaders, upstreamHeaders } from './headers.ts'
import { type Incoming, type Journey, planJourney } from './journey.ts'
import type { Home } from './location.ts'
import { type RelayOptions, relay, type Verdict } from './relay.ts'
import type { Answer, Collected } from './sinks.ts'

/** How undici names an answer that is not HTTP as it should be. */
const INVALID_ANSWER = new Set(['HTTPParserError', 'UND_ERR_HEADERS_OVERFLOW'])

export interface ForwarderOptions {
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  readonly sessions: Sessions
  readonly pacer: Pacer
  readonly config: Pick<Config, 'tenants' | 'defaultTenant' | 'errors' | 'assumeJson' | 'replay'>
}

/** What the upstream answered with an error, to be told to the client as a problem. */
export interface Refusal {
  readonly home: Home
  readonly answer: Collected
}

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
    const { config, sessions, pacer } = this.#options
    const journey = planJourney(incoming, config, sessions)
    const { exchange, session, paceKey, home } = journey
    await this.#timed(exchange, 'queue', pacer.admit(paceKey, exchange.over))
    const lease = await this.#timed(exchange, 'session', session.acquire(exchange.over))
    const answer = await this.#send(journey, lease)
    return answer.kind === 'collected' ? { home, answer } : undefined
  }

  /** Sends the request, and once more with a renewed session where the first was answered 401 because of its token. */
  async #send(journey: Journey, lease: Lease): Promise<Answer> {
    const { exchange, session } = journey
    let renewing = false
    const first = await this.#attempt(journey, lease, (status, headers) => {
      renewing = status === 401 && mayRenew(journey, lease, headers) && canResend(journey)
      return renewing ? 'collect' : verdictOn(status, journey)
    })
    if (!renewing) return first
    const renewed = await this.#timed(exchange, 'session', session.acquire(exchange.over))
    // more of the body may have come meanwhile than is kept
    if (!canResend(journey)) return first
    exchange.replayed = true
    return this.#attempt(journey, renewed, status => verdictOn(status, journey))
  }

  /** Sends the request, and once more where a kept connection turned out to be closed. */
  async #attempt(journey: Journey, lease: Lease, decide: RelayOptions['decide']): Promise<Answer> {
    try {
      return await this.#relay(journey, lease, decide)
    } catch (error) {
      if (!mayRetry(error, journey)) throw problemOf(error, journey)
      journey.exchange.replayed = true
    }
    try {
      return await this.#relay(journey, lease, decide)
    } catch (error) {
      throw problemOf(error, journey)
    }
  }

  async #relay(journey: Journey, lease: Lease, decide: RelayOptions['decide']): Promise<Answer> {
    const { clock, dispatcher, pacer } = this.#options
    const { response, exchange, paceKey } = journey
    const sentAt = clock.monotonic()
    const answer = await relay({
      dispatcher,
      clock,
      signal: exchange.over,
      response,
      request: this.#request(journey, lease),
      decide(status, headers) {
        exchange.spent.upstream += clock.monotonic() - sentAt
        exchange.upstreamRequestId = headerOf(headers, 'x-redlock-request-id') ?? null
        pacer.observe(
          paceKey,
          readLimit(name => headerOf(headers, name)),
        )
        return decide(status, headers)
      },
      sendHead: (status, headers) => sendHead(journey, status, headers),
    })
    return answer.kind === 'collected' ? masked(answer, lease.token) : answer
  }

  #request({ request, tenant, target, exchange, body }: Journey, lease: Lease): Dispatcher.DispatchOptions {
    const assumeJson = body !== undefined && this.#options.config.assumeJson
    return {
      origin: tenant.target.api,
      path: tenant.target.basePath + target,
      method: exchange.method,
      headers: upstreamHeaders(request.rawHeaders, { token: lease.token, path: target, assumeJson }),
      body: body ? Readable.from(body.send(), { objectMode: false }) : null,
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

/** An error may quote the request, token and all, and is shown to clients and the log. */
function masked(answer: Collected, token: Secret): Collected {
  const body = Buffer.from(token.maskIn(answer.body.toString('latin1')), 'latin1')
  return { ...answer, headers: answer.headers.map(text => token.maskIn(text)), body }
}

function verdictOn(status: number, { passthrough }: Journey): Verdict {
  return status >= 400 && !passthrough ? 'collect' : 'relay'
}

function sendHead({ request, response, exchange, home, takeOver }: Journey, status: number, headers: RawHeaders): void {
  // what is left of an upload that was answered early must not be taken for the next request
  const close = request.complete ? [] : ['connection', 'close']
  const own = Object.entries(exchangeHeaders(exchange)).flat()
  response.writeHead(status, [...clientHeaders(headers, home), ...own, ...close])
  takeOver()
}

/** What the client is told of an error; once it has left, the error as it is. */
function problemOf(error: unknown, { home, exchange }: Journey): unknown {
  if (exchange.over.aborted) return error
  const { timeout, maybeSent, detail } = explainNetworkError(error, new URL(home.api).host)
  const invalid = errorCodes(error).some(code => INVALID_ANSWER.has(code))
  const name = timeout ? 'upstream-timeout' : invalid ? 'upstream-invalid' : 'upstream-unreachable'
  return new Problem(name, detail, { cause: error, retryable: !maybeSent || isIdempotent(exchange.method) })
}
