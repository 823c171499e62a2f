import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { Problem } from '../problem/problem.ts'
import { isForwarded } from '../request/own-path.ts'
import { exchangeOf } from './observe.ts'

/** The longest request target, in characters: enough for a long query that is encoded twice. */
const LONGEST_TARGET = 32 * 1024

/** The most headers that a request may have. */
const MOST_HEADERS = 256

/** The timeout for receiving the head of a request, in milliseconds. */
export const HEAD_TIMEOUT = 20_000

/** The most logins of clients without a token at one time. Few are enough, because a login is short. */
const MOST_STRANGERS = 16

/** What {@link limits} needs to bound requests. */
export interface LimitsOptions {
  /** Returns the current configuration, which a reload may replace. */
  readonly config: () => Config
}

/** Starts a fragment, which no request target may have (RFC 9112, 3.2). Some servers ignore it and use the rest. */
const FRAGMENT = '#'

/**
 * Adds a step that immediately rejects invalid request targets, requests that are too large, and too many at one time.
 */
export function limits(app: FastifyInstance, { config }: LimitsOptions): void {
  const [requests, logins] = [new Slots('requests'), new Slots('logins')]
  app.addHook('onRequest', (request, _reply, done) => {
    const { raw, originalUrl } = request
    if (originalUrl.length > LONGEST_TARGET) {
      const options = { status: 414, title: 'URI Too Long' }
      throw new Problem('invalid-request', `The request target is longer than ${LONGEST_TARGET} characters`, options)
    }
    if (originalUrl.includes(FRAGMENT))
      throw new Problem('invalid-request', 'The request target contains a fragment (#); write %23 for a literal #')
    if (raw.rawHeaders.length > 2 * MOST_HEADERS) {
      const options = { status: 431, title: 'Request Header Fields Too Large' }
      throw new Problem('invalid-request', `The request has more than ${MOST_HEADERS} headers`, options)
    }
    if (!isForwarded(raw)) return done()
    const { client, over } = exchangeOf(request)
    // if the client has already left, `over` never fires again and the slot would never be free
    if (!over.aborted) {
      const { listen, clients } = config()
      // a client admitted without a token can only log in, and must not take slots from others
      if (client === null && clients.length > 0) logins.take(MOST_STRANGERS, over)
      else requests.take(listen.maxRequests, over)
    }
    done()
  })
}

/** A limited number of slots. Each one is taken until its request is over. */
class Slots {
  readonly #what: string
  #taken = 0
  readonly #leave = () => void this.#taken--

  /** `what` names the limited things for error messages, in the plural. */
  constructor(what: string) {
    this.#what = what
  }

  /** Takes a slot until `over` aborts. @throws {Problem} `overloaded` if all `count` slots are taken */
  take(count: number, over: EndSignal): void {
    if (this.#taken >= count)
      throw new Problem('overloaded', `Too many ${this.#what} at one time (limit: ${count}); retry later`)
    this.#taken++
    over.addEventListener('abort', this.#leave)
  }
}
