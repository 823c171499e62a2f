import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { RawHeaders } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Exchange } from '../request/exchange.ts'
import { type BodySettings, KeptBodies } from './kept-bodies.ts'
import type { RequestDetails, RequestRecord } from './record.ts'
import { Recorded, type RecordedEnd } from './recorded.ts'

/** What a {@link Recorder} needs to keep bodies. */
export interface BodyOptions {
  /** Returns which bodies to keep of a request that begins. */
  readonly settings: () => BodySettings
  /** Returns the secrets of a tenant, if it is known, and of all clients. No body may show them. */
  readonly secrets: (tenant: string | null) => readonly Secret[]
}

const NO_BODIES: BodyOptions = { settings: () => ({ bodies: 'off', maxBody: 0 }), secrets: () => [] }

/**
 * Keeps the latest requests, for people to look at. Its memory is bounded: it takes `inspect.requests` × (2 ×
 * `inspect.maxBody` + the headers that the limits of the server allow) at most. A request that is no longer among the
 * latest loses its bodies even while it runs.
 */
export class Recorder {
  readonly #clock: Clock
  readonly #max: number
  readonly #bodySettings: () => BodySettings
  readonly #secrets: BodyOptions['secrets']
  /** A ring: what is recorded under a number is at that number modulo the size. */
  readonly #kept: Recorded[] = []
  /** Tells the events of this process from those of the one before. */
  readonly #run = randomUUID()
  readonly #listeners = new Set<() => void>()
  #last = 0
  #changes = 0

  /** `max` is how many records are kept, at least 1. Without `bodies`, none are kept. */
  constructor(clock: Clock, max: number, { settings, secrets }: BodyOptions = NO_BODIES) {
    this.#clock = clock
    this.#max = max
    this.#bodySettings = settings
    this.#secrets = secrets
  }

  /**
   * Records that a request has begun, and has its bodies kept as they pass. Pass what it returns to
   * {@link Recorder.end}.
   */
  begin(exchange: Exchange, requestHeaders: RawHeaders): Recorded {
    const bodies = this.#keptBodies()
    exchange.tap = bodies
    const [number, startedAt] = [++this.#last, this.#clock.now()]
    const recorded = new Recorded({ number, startedAt, exchange, requestHeaders, bodies })
    this.#kept[number % this.#max]?.dropBodies()
    this.#kept[number % this.#max] = recorded
    this.#changed(recorded)
    return recorded
  }

  /** Completes the record of a request. */
  end(recorded: Recorded, exchange: Exchange, end: RecordedEnd): void {
    recorded.end(exchange, end, this.#secrets)
    this.#changed(recorded)
  }

  /** Calls `listener` whenever a record has changed. Returns a function that ends this. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The records that are kept, the newest first. */
  *latest(): Generator<RequestRecord> {
    for (const recorded of this.#latest()) yield recorded.record()
  }

  /** Returns all that is known of a request. If it is no longer kept, its bodies are null. */
  async details(record: RequestRecord): Promise<RequestDetails> {
    // masking large bodies takes long: whoever asks for many must not keep others waiting for all of them
    await turn()
    const recorded = this.#kept[record.number % this.#max]
    if (recorded?.number !== record.number) return { ...record, requestBody: null, responseBody: null }
    return recorded.details(this.#secrets)
  }

  /** The records that have changed after a change, the earliest change first. */
  changedAfter(change: number): RequestRecord[] {
    const changed = [...this.#latest()].filter(recorded => recorded.change > change)
    return changed.sort((one, other) => one.change - other.change).map(recorded => recorded.record())
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

  #keptBodies(): KeptBodies | null {
    const settings = this.#bodySettings()
    return settings.bodies === 'off' ? null : new KeptBodies(settings)
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
