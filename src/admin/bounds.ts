import type { FastifyInstance } from 'fastify'
import { Problem } from '../problem/problem.ts'
import { isOwnPath } from './own-path.ts'

/** The longest request target, in characters: a long query that is encoded twice has room. */
const LONGEST_TARGET = 32 * 1024

/** The most headers of a request. */
const MOST_HEADERS = 256

/** A request whose head does not come within so many milliseconds is given up. */
export const HEAD_TIMEOUT = 20_000

export interface BoundsOptions {
  /** Requests that are served at one time at most, but for the proxy's own paths. */
  readonly maxRequests: () => number
  /** How many are served now, the one that asks among them. */
  readonly running: () => number
}

/** Refuses what is too large, and what is too much at one time, at once. */
export function bounds(app: FastifyInstance, { maxRequests, running }: BoundsOptions): void {
  app.addHook('onRequest', ({ raw, originalUrl }, _reply, done) => {
    if (originalUrl.length > LONGEST_TARGET) {
      const options = { status: 414, title: 'URI Too Long' }
      throw new Problem('invalid-request', `The request target has more than ${LONGEST_TARGET} characters`, options)
    }
    if (raw.rawHeaders.length > 2 * MOST_HEADERS) {
      const options = { status: 431, title: 'Request Header Fields Too Large' }
      throw new Problem('invalid-request', `The request has more than ${MOST_HEADERS} headers`, options)
    }
    if (running() > maxRequests() && !isOwnPath(originalUrl)) {
      throw new Problem('overloaded', `${maxRequests()} requests are being served already`)
    }
    done()
  })
}
