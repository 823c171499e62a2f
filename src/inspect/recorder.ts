import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { RawHeaders } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Exchange } from '../request/exchange.ts'
import type { RecordedEnd } from './facts.ts'
import { type BodySettings, KeptBodies } from './kept-bodies.ts'
import type { RequestDetails, RequestRecord } from './record.ts'
import { type SecretsOf, Slot } from './slot.ts'

/** What a {@link Recorder} needs to keep bodies. */
export interface BodyOptions {
  /** Returns which bodies to keep of a request that begins. */
  readonly settings: () => BodySettings
  /** Returns the secrets of a tenant and of a client. Nothing may show them. */
  readonly secrets: SecretsOf
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
  readonly #secrets: SecretsOf
  /** A ring: what is recorded under a number is at that number modulo the size. */
  readonly #slots: Slot[] = []
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
   * Records that a request has begun, and has its bodies kept as they pass. Returns the number of its record for
   * {@link Recorder.end}.
   */
  begin(exchange: Exchange, requestHeaders: RawHeaders): number {
    const number = ++this.#last
    const bodies = this.#keptBodies()
    exchange.tap = bodies
    this.#slots[number % this.#max] ??= new Slot()
    this.#slotOf(number).begin(
      number,
      ++this.#changes,
      { exchange, startedAt: this.#clock.now(), requestHeaders },
      bodies,
    )
    this.#changed()
    return number
  }

  /** Completes the record of a request, if it is still kept. */
  end(number: number, end: RecordedEnd): void {
    const slot = this.#slotOf(number)
    if (slot.number !== number) return
    slot.end(++this.#changes, end, this.#secrets)
    this.#changed()
  }

  /** Calls `listener` whenever a record has changed. Returns a function that ends this. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The records that are kept, the newest first. */
  *latest(): Generator<RequestRecord> {
    for (const slot of this.#latest()) yield slot.record(this.#secrets)
  }

  /** Returns all that is known of a request. If it is no longer kept, headers and bodies are missing. */
  async details(record: RequestRecord): Promise<RequestDetails> {
    // masking large bodies takes long: whoever asks for many must not keep others waiting for all of them
    await turn()
    const slot = this.#slotOf(record.number)
    if (slot.number !== record.number)
      return { ...record, requestHeaders: [], responseHeaders: [], requestBody: null, responseBody: null }
    return slot.details(this.#secrets)
  }

  /** The records that have changed after a change, the earliest change first. */
  changedAfter(change: number): RequestRecord[] {
    const changed = [...this.#latest()].filter(slot => slot.change > change)
    return changed.sort((one, other) => one.change - other.change).map(slot => slot.record(this.#secrets))
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

  *#latest(): Generator<Slot> {
    const oldest = Math.max(1, this.#last - this.#max + 1)
    for (let number = this.#last; number >= oldest; number--) yield this.#slotOf(number)
  }

  /** The slot that a request with this number has, or had. */
  #slotOf(number: number): Slot {
    return this.#slots[number % this.#max] as Slot
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
