import type { AnswerCache, Cacheable } from '../cache/answer-cache.ts'
import type { KeptAnswer } from '../cache/flight.ts'
import type { CacheRule } from '../config/cache-rule.ts'
import { headerOf, withoutNamed } from '../http/raw-headers.ts'
import { elapsed, type Instant, instantOf } from '../kernel/instant.ts'
import { noteSent, timed } from '../request/exchange.ts'
import { type AcquireOptions, acquireLease } from './acquire.ts'
import { cacheableOf, isFreshWanted, resourcesOf } from './cache-policy.ts'
import { type ForwardRequest, type GoodHead, repeatingOf } from './forward-request.ts'
import { sendHead } from './response-head.ts'
import type { ErrorResponse } from './upstream-error.ts'

/** Sends the request. Returns the error response, if any; a successful response is streamed to the client. */
type Send = () => Promise<ErrorResponse | undefined>

/** What {@link Caching} needs. */
export interface CachingOptions extends AcquireOptions {
  /** Returns the current cache and the rules for what it stores. Each configuration has a cache of its own. */
  readonly cache: () => { readonly answers: AnswerCache<GoodHead>; readonly rules: readonly CacheRule[] }
}

/**
 * Serves requests from the cache where a rule allows it. Otherwise sends them, and stores the responses that may be
 * cached.
 */
export class Caching {
  readonly #options: CachingOptions

  constructor(options: CachingOptions) {
    this.#options = options
  }

  /** Serves a request from the cache, or sends it. Returns the error response, if any. */
  forward(request: ForwardRequest, send: Send): Promise<ErrorResponse | undefined> {
    const { rules } = this.#cache
    if (rules.length === 0) return send()
    const cacheable = cacheableOf(request, rules)
    if (cacheable) return this.#readOfSession(request, cacheable, send)
    if (repeatingOf(request) === 'reads') return send()
    this.#written(request)
    // a response that was read in the meantime may predate the write
    return send().finally(() => this.#written(request))
  }

  /**
   * Reads with a key that includes the session, because another user may get a different response. Without a session,
   * nothing is served.
   */
  async #readOfSession(request: ForwardRequest, cacheable: Cacheable, send: Send): Promise<ErrorResponse | undefined> {
    const { session } = await acquireLease(request, this.#options)
    return this.#read(request, { ...cacheable, key: `${session} ${cacheable.key}` }, send)
  }

  get #cache() {
    return this.#options.cache()
  }

  #written(request: ForwardRequest): void {
    const { answers } = this.#cache
    for (const resource of resourcesOf(request.plan)) answers.written(resource)
  }

  async #read(request: ForwardRequest, cacheable: Cacheable, send: Send): Promise<ErrorResponse | undefined> {
    const { exchange } = request
    const { clock } = this.#options
    const { answers } = this.#cache
    if (isFreshWanted(request)) return this.#lead(request, cacheable, send)
    const now = instantOf(clock)
    const kept = answers.get(cacheable, now)
    if (kept) return this.#serve(request, kept, 'hit', now)
    const flight = answers.flight(cacheable)
    if (!flight) return this.#lead(request, cacheable, send)
    const landing = await timed(clock, exchange, 'upstream', flight.wait(exchange.over))
    // the client that the others waited for has left: one of the waiting requests takes its place
    if (landing === 'left') return this.#read(request, cacheable, send)
    if (landing !== 'none') return this.#serve(request, landing, 'shared', instantOf(clock))
    exchange.cache = 'miss'
    return send()
  }

  async #lead(request: ForwardRequest, cacheable: Cacheable, send: Send): Promise<ErrorResponse | undefined> {
    const { exchange } = request
    exchange.cache = 'miss'
    const flight = this.#cache.answers.begin(cacheable)
    request.recorder = flight
    const error = await send().catch(error => {
      flight.land(exchange.over.aborted ? 'left' : 'none')
      throw error
    })
    flight.land(error ? 'none' : 'complete')
    return error
  }

  #serve(request: ForwardRequest, kept: KeptAnswer<GoodHead>, how: 'hit' | 'shared', now: Instant): undefined {
    const { head, body, at } = kept
    const { exchange, plan, response } = request
    exchange.cache = how
    const before = Number(headerOf(head.headers, 'age') ?? 0) || 0
    const age = before + Math.floor(elapsed(at, now) / 1000)
    const headers = [...withoutNamed(head.headers, 'age'), 'age', `${age}`]
    sendHead(request, { ...head.base, prefix: plan.prefix }, { status: 200, headers }, this.#options.clock)
    noteSent(exchange, body, 200)
    response.end(body)
  }
}
