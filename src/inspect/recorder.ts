import { randomUUID } from 'node:crypto'
import type { RawHeaders } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Exchange } from '../request/exchange.ts'
import { maskedHeaders } from './masked-headers.ts'
import { type Recorded, type RequestRecord, recordOf } from './record.ts'

/** How a recorded request ended. */
export interface RecordedEnd {
  /** 0 if the client left before the response was complete. */
  readonly status: number
  /** Milliseconds from the beginning to the end. */
  readonly took: number
}

/**
 * Keeps the latest requests, for people to look at. Its memory is bounded: so many records, each with the headers that
 * the limits of the server allow.
 */
export class Recorder {
  readonly #clock: Clock
  readonly #max: number
  /** A ring: what is recorded under a number is at that number modulo the size. */
  readonly #kept: Recorded[] = []
  /** Tells the events of this process from those of the one before. */
  readonly #run = randomUUID()
  readonly #listeners = new Set<() => void>()
  #last = 0
  #changes = 0

  /** `max` is how many records are kept, at least 1. */
  constructor(clock: Clock, max: number) {
    this.#clock = clock
    this.#max = max
  }

  /** Records that a request has begun. Pass what it returns to {@link Recorder.end}. */
  begin(exchange: Exchange, rawHeaders: RawHeaders): Recorded {
    const recorded: Recorded = {
      number: ++this.#last,
      change: 0,
      startedAt: this.#clock.now(),
      requestHeaders: maskedHeaders(rawHeaders),
      facts: exchange,
      status: null,
      took: null,
    }
    this.#kept[recorded.number % this.#max] = recorded
    this.#changed(recorded)
    return recorded
  }

  /** Completes the record of a request. */
  end(recorded: Recorded, exchange: Exchange, { status, took }: RecordedEnd): void {
    recorded.facts = lastingFacts(exchange)
    recorded.status = status
    recorded.took = took
    this.#changed(recorded)
  }

  /** Calls `listener` whenever a record has changed. Returns a function that ends this. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The records that are kept, the newest first. */
  *latest(): Generator<RequestRecord> {
    for (const recorded of this.#latest()) yield recordOf(recorded)
  }

  /** The records that have changed after a change, the earliest change first. */
  changedAfter(change: number): RequestRecord[] {
    const changed = [...this.#latest()].filter(recorded => recorded.change > change)
    return changed.sort((one, other) => one.change - other.change).map(recordOf)
  }

  /** The id of the event that tells of a change. */
  eventId(change: number): string {
    return `${this.#run}/${change}`
  }

  /** The change that an event told of; 0 for an event of another process, or none. */
  changeOf(eventId: string | undefined): number {
    const [run, change] = eventId?.split('/') ?? []
    return run === this.#run && Number(change) >= 0 ? Number(change) : 0
  }

  *#latest(): Generator<Recorded> {
    const oldest = Math.max(1, this.#last - this.#max + 1)
    for (let number = this.#last; number >= oldest; number--) yield this.#kept[number % this.#max] as Recorded
  }

  #changed(recorded: Recorded): void {
    recorded.change = ++this.#changes
    for (const listener of this.#listeners) listener()
  }
}

/** What is kept of an exchange that is over: nothing that holds its connection, or the body of an error. */
function lastingFacts(exchange: Exchange): Recorded['facts'] {
  const { head, failure } = exchange
  return {
    // each member by name: spreading costs microseconds
    requestId: exchange.requestId,
    method: exchange.method,
    rawTarget: exchange.rawTarget,
    startedAt: exchange.startedAt,
    client: exchange.client,
    tenant: exchange.tenant,
    operation: exchange.operation,
    spent: exchange.spent,
    bytes: exchange.bytes,
    replayed: exchange.replayed,
    cache: exchange.cache,
    upstreamRequestId: exchange.upstreamRequestId,
    head: head && { headers: maskedHeaders(head.headers), at: head.at },
    failure: failure && { type: failure.type, title: failure.title, detail: failure.detail },
  }
}
