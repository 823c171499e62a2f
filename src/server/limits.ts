import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { OPERATIONS } from '../operations/operations.ts'
import { Problem } from '../problem/problem.ts'
import type { Destination } from '../request/destination.ts'
import { isForwarded } from '../request/own-path.ts'
import { namedPath, withoutQuery } from '../request/target.ts'
import { exchangeOf } from './observe.ts'

/**
 * The longest request target, in bytes; in absolute form, of the part after the host. Page tokens of the API can have
 * 43 kB.
 */
const LONGEST_TARGET = 64 * 1024

/**
 * The longest head of a request, in bytes: the longest target and as much for headers. A head that is longer cannot be
 * read, so this leaves room for targets that are too long and whose clients are told what to do instead.
 *
 * Node.js collects a head before anyone knows who sends it: at most one for each connection, no longer than
 * {@link HEAD_TIMEOUT}, and outside of the JavaScript heap, which would end the process when full. So all that strangers
 * can make the proxy hold is this times `listen.maxConnections`: 2.5 GiB by default, and less if that is set lower.
 */
export const LONGEST_HEAD = 2 * LONGEST_TARGET

/** What to do about a target that is too long, where nothing better is known. */
export const SHORTEN = 'shorten the query, or send it in the body where the operation allows that'

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
    if (originalUrl.length > LONGEST_TARGET) throw tooLong(exchangeOf(request).destination)
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

/**
 * The problem for a request target that is too long, with what to send instead. Its detail shows nothing of the query,
 * which may contain private data.
 */
function tooLong({ compute, apiTarget }: Destination): Problem {
  const operation = OPERATIONS.find('POST', namedPath(withoutQuery(apiTarget).toLowerCase(), compute))
  const advice = operation?.pageToken
    ? `send the page token in the body: POST ${operation.template} with {"${operation.pageToken}": "…"}`
    : SHORTEN
  const detail = `The request target is longer than ${LONGEST_TARGET} bytes; ${advice}`
  return new Problem('invalid-request', detail, { status: 414, title: 'URI Too Long' })
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
