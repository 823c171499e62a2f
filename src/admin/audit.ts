import type { DestinationStream } from 'pino'
import type { Exchange } from '../forward/exchange.ts'
import type { Clock } from '../kernel/clock.ts'
import { headerText } from '../kernel/header-text.ts'

/** Who asked for what, and what became of it: a line of JSON for each request that was to be forwarded. */
export class Audit {
  readonly #lines: DestinationStream
  readonly #clock: Clock

  constructor(lines: DestinationStream, clock: Clock) {
    this.#lines = lines
    this.#clock = clock
  }

  /** An exchange ended; `status` is 0 where the client did not get all of an answer. */
  record(exchange: Exchange, status: number): void {
    const { client, tenant, method, path, bytes, upstreamRequestId } = exchange
    const time = new Date(this.#clock.now()).toISOString()
    const verdict = verdictOn(exchange, status)
    const requestId = headerText(exchange.requestId)
    const line = { time, requestId, client, tenant, method, path, status, bytes, upstreamRequestId, verdict }
    this.#lines.write(`${JSON.stringify(line)}\n`)
  }
}

/** The problem that the client was told of, else where its answer came from. */
function verdictOn({ failure, cache, answeredHere }: Exchange, status: number): string {
  if (failure) return failure.type
  if (status === 0) return 'aborted'
  if (answeredHere) return 'answered'
  return cache === 'hit' || cache === 'shared' ? 'cached' : 'forwarded'
}
