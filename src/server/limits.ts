import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { Problem } from '../problem/problem.ts'
import { isForwarded } from '../request/own-path.ts'
import { exchangeOf } from './observe.ts'

/** The longest request target, in characters: a long query that is encoded twice has room. */
const LONGEST_TARGET = 32 * 1024

/** The most headers of a request. */
const MOST_HEADERS = 256

/** A request whose head does not come within so many milliseconds is given up. */
export const HEAD_TIMEOUT = 20_000

/** So many requests of strangers are served at one time: those are logins, which are short. */
const MOST_STRANGERS = 16

export interface LimitsOptions {
  /** Asked for anew each time: the configuration may be reloaded. */
  readonly config: () => Config
}

/** What no request target has (RFC 9112, 3.2): some servers go by what stands before it. */
const FRAGMENT = '#'

/** Refuses what no request may be, what is too large, and what is too much at one time, at once. */
export function limits(app: FastifyInstance, { config }: LimitsOptions): void {
  const [requests, logins] = [new Places('requests'), new Places('logins')]
  app.addHook('onRequest', (request, _reply, done) => {
    const { raw, originalUrl } = request
    if (originalUrl.length > LONGEST_TARGET) {
      const options = { status: 414, title: 'URI Too Long' }
      throw new Problem('invalid-request', `The request target has more than ${LONGEST_TARGET} characters`, options)
    }
    if (originalUrl.includes(FRAGMENT)) throw new Problem('invalid-request', 'A request target has no fragment (#)')
    if (raw.rawHeaders.length > 2 * MOST_HEADERS) {
      const options = { status: 431, title: 'Request Header Fields Too Large' }
      throw new Problem('invalid-request', `The request has more than ${MOST_HEADERS} headers`, options)
    }
    if (!isForwarded(raw)) return done()
    const { client, over } = exchangeOf(request)
    // whose client has left by now is never told to be over
    if (!over.aborted) {
      const { listen, clients } = config()
      // who was let in without a token is about to log in, and must take nobody's place
      if (client === null && clients.length > 0) logins.take(MOST_STRANGERS, over)
      else requests.take(listen.maxRequests, over)
    }
    done()
  })
}

/** Places for what goes on at one time, each of which is taken until that is over. */
class Places {
  readonly #what: string
  #taken = 0
  readonly #leave = () => void this.#taken--

  /** `what` takes the places, in the plural. */
  constructor(what: string) {
    this.#what = what
  }

  /** @throws {Problem} `overloaded` where all `count` are taken */
  take(count: number, over: EndSignal): void {
    if (this.#taken >= count) throw new Problem('overloaded', `${count} ${this.#what} are being served already`)
    this.#taken++
    over.addEventListener('abort', this.#leave)
  }
}
