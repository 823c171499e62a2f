import { headersByName } from '../http/raw-headers.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Permit } from '../pacing/gate.ts'
import { Problem } from '../problem/problem.ts'
import { noteRequestId, timed } from '../request/exchange.ts'
import { UNINFORMATIVE } from '../session/evidence.ts'
import type { Lease } from '../session/lease.ts'
import { type BaseUrl, isSameBase } from '../stacks/base.ts'
import type { Agents } from '../upstream/agent.ts'
import { explainNetworkError } from '../upstream/network-error.ts'
import { withoutSecrets } from '../upstream-errors/masked.ts'
import { readUpstreamErrors } from '../upstream-errors/read.ts'
import {
  Attempt,
  type AttemptOptions,
  mayRenew,
  type Sending,
  UNAUTHORIZED,
  type UpstreamRoute,
  upstreamBase,
} from './attempt.ts'
import type { ComputeConsoles } from './compute-consoles.ts'
import { lookAt } from './content-type.ts'
import type { ForwardRequest } from './forward-request.ts'
import { acquireLease, type LeaseOptions } from './lease.ts'
import type { UpstreamBase } from './location.ts'
import type { CollectedResponse, ResponseOutcome } from './response-body.ts'
import { respondWithError } from './response-head.ts'
import { canResend, isRepeatable, mayComeAgain, mayRetry } from './retry-policy.ts'
import { meaningOf401 } from './unauthorized.ts'
import type { ErrorResponse } from './upstream-error.ts'

/** What the meaning of a 401 says of the token. */
const WORD = { token: 'bad', permission: 'good', unknown: 'none' } as const

export interface SenderOptions extends AttemptOptions, LeaseOptions {
  readonly agents: Agents
  readonly consoles: ComputeConsoles
  /** What no error may show of a tenant and the clients, beside the tokens that its request carried. */
  readonly secrets: (tenant: string) => readonly Secret[]
}

/** Sends requests in their turn, with a session, and again where only the connection, the session or the moment was wrong. */
export class RequestSender {
  readonly #options: SenderOptions

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /**
   * Sends a request and streams the answer to the client, or gives the upstream's error to be told. It goes out in a
   * microtask: what is wrong with the rest of what came with its head is found before.
   * @throws {Problem} when no answer could be had
   */
  async send(journey: ForwardRequest): Promise<ErrorResponse | undefined> {
    const { body, bodyType } = journey
    if (body && bodyType === 'as-it-looks') journey.bodyType = await lookAt(body)
    let attempt: Sending = { number: 0, turn: await this.#turn(journey, false), renewed: undefined }
    const carried: Secret[] = []
    for (;;) {
      const acquired = attempt.renewed?.lease ?? this.#lease(journey, attempt)
      // each wait costs a hundredth of all that a request does
      const lease = acquired instanceof Promise ? await acquired : acquired
      const home = journey.compute ? await this.#console(lease, journey, attempt) : upstreamBase(lease.api, journey)
      const refusal = 'answer' in home ? home : await this.#relay({ lease, home }, journey, attempt)
      if (!refusal) return undefined
      const next = await this.#next(lease, journey, attempt, refusal)
      carried.push(lease.token)
      if (!next) return this.#tell(refusal, journey, carried)
      journey.exchange.replayed = true
      attempt = next
    }
  }

  #tell(refusal: ErrorResponse, journey: ForwardRequest, carried: readonly Secret[]): ErrorResponse | undefined {
    const { clock, secrets } = this.#options
    journey.body?.release()
    const shown = withoutSecrets(refusal.answer, [...carried, ...secrets(journey.tenant)])
    noteRequestId(journey.exchange, shown.headers)
    return respondWithError(journey, { ...refusal, answer: shown }, clock)
  }

  /** Waits for a request's turn; `returned` says that it had one before. */
  #turn(journey: ForwardRequest, returned: boolean): Promise<Permit> | Permit | undefined {
    const { exchange, request, paced, endpoint } = journey
    const { pacer, clock } = this.#options
    if (!paced) return pacer.pass(endpoint)
    const { client, over, spent } = exchange
    const asking = { client: client ?? request.socket, returned, waited: spent.queue, signal: over }
    const turn = pacer.admit(endpoint, asking)
    return turn instanceof Promise ? timed(clock, exchange, 'queue', turn) : turn
  }

  #lease(journey: ForwardRequest, { turn }: Sending): Lease | Promise<Lease> {
    const lease = acquireLease(journey, this.#options)
    if (!(lease instanceof Promise)) return lease
    return lease.catch(error => {
      turn?.unused()
      throw error
    })
  }

  /** Where the Compute console is, or the error with which the API answered the question. */
  async #console(lease: Lease, journey: ForwardRequest, { turn }: Sending): Promise<UpstreamBase | ErrorResponse> {
    const { clock, consoles } = this.#options
    const api = upstreamBase(lease.api, journey)
    try {
      const found = await timed(clock, journey.exchange, 'session', consoles.find(lease))
      if (!('status' in found)) return upstreamBase(asAsked(found, journey), journey)
      turn?.unused()
      return { home: api, answer: found, repeatable: true }
    } catch (error) {
      turn?.unused()
      throw problemOf(error, journey, { host: api, repeatable: true })
    }
  }

  /** Sends the request, and once more on a connection of its own where a kept one turned out to be closed. */
  #relay(way: UpstreamRoute, journey: ForwardRequest, attempt: Sending): Promise<ErrorResponse | undefined> {
    const told = (answer: ResponseOutcome) =>
      answer.kind === 'relayed' ? undefined : { home: way.home, answer, repeatable: isRepeatable(journey) }
    const trip = new Attempt(way, journey, attempt, this.#options)
    return trip
      .go(this.#options.agents.pool)
      .then(told, error => this.#tripAfter(trip, error, way, journey, attempt).then(told))
  }

  async #tripAfter(
    { isAnswered }: Attempt,
    error: unknown,
    way: UpstreamRoute,
    journey: ForwardRequest,
    attempt: Sending,
  ): Promise<ResponseOutcome> {
    const { agents, pacer } = this.#options
    try {
      if (isAnswered || !mayRetry(error, journey)) throw error
      journey.exchange.replayed = true
      // the upstream counts a request as often as it is sent
      attempt.turn?.lost()
      attempt.turn = pacer.pass(journey.endpoint)
      return await new Attempt(way, journey, attempt, this.#options).go(agents.oneShot)
    } catch (error) {
      attempt.turn?.lost()
      throw problemOf(error, journey, { host: way.home, repeatable: isRepeatable(journey) })
    }
  }

  /** The next attempt at a request that was refused; `undefined` where there is none. */
  #next(lease: Lease, journey: ForwardRequest, attempt: Sending, refusal: ErrorResponse): Promise<Sending | undefined> {
    return refusal.answer.status === UNAUTHORIZED
      ? this.#withNewSession(lease, journey, attempt, refusal.answer)
      : this.#inItsTurn(journey, attempt, refusal)
  }

  /** At once, with a renewed session, where the token may have been at fault. */
  async #withNewSession(
    lease: Lease,
    journey: ForwardRequest,
    attempt: Sending,
    answer: CollectedResponse,
  ): Promise<Sending | undefined> {
    const { number, renewed } = attempt
    const meaning = meaningOf401(readUpstreamErrors({ headers: headersByName(answer.headers), body: answer.body }))
    renewed?.retry.answered(WORD[meaning])
    if (meaning === 'permission' || !mayRenew(attempt)) return undefined
    const refusal = { operation: journey.endpoint.key, named: meaning === 'token', again: renewed !== undefined }
    const retry = this.#options.sessions.invalidate(journey.tenant, lease, refusal)
    if (!retry || !canResend(journey)) return undefined
    const next = await acquireLease(journey, this.#options)
    // more of the body may have come meanwhile than is kept
    if (!canResend(journey)) return undefined
    const count = (renewed?.count ?? 0) + 1
    const turn = this.#options.pacer.pass(journey.endpoint)
    // where nobody could tell what the token is worth, it is the same one
    return { number, turn, renewed: { lease: next, count, retry: next === lease ? UNINFORMATIVE : retry } }
  }

  /** Once its turn has come, where it was refused for now. */
  async #inItsTurn(journey: ForwardRequest, { number }: Sending, refusal: ErrorResponse): Promise<Sending | undefined> {
    if (!mayComeAgain(refusal, journey, number)) return undefined
    try {
      const turn = await this.#turn(journey, true)
      // more of the body may have come meanwhile than is kept
      if (canResend(journey)) return { number: number + 1, turn, renewed: undefined }
      turn?.unused()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
    }
    return undefined
  }
}

/** Who asks for a console by its own address gets no other. */
function asAsked(found: BaseUrl, { computeConsole, tenant }: ForwardRequest): BaseUrl {
  if (!computeConsole || isSameBase(computeConsole, found)) return found
  const detail = `The Compute console of the tenant ${tenant} is another, at ${found.origin}${found.basePath}`
  throw new Problem(
    'invalid-request',
    `${detail}: name the tenant in x-prismacloud-tenant, or give each its computeUrl`,
  )
}

/** What the client is told of an error on the way to a host; once it has left, the error as it is. */
function problemOf(
  error: unknown,
  { exchange }: ForwardRequest,
  { host, repeatable }: { readonly host: UpstreamBase; readonly repeatable: boolean },
): unknown {
  if (exchange.over.aborted || error instanceof Problem) return error
  const { nature, maybeSent, detail } = explainNetworkError(error, new URL(host.origin).host)
  return new Problem(`upstream-${nature}`, detail, { cause: error, retryable: !maybeSent || repeatable })
}
