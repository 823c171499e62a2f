import { Readable } from 'node:stream'
import type { RequestRecord } from '../inspect/record.ts'
import type { Recorder } from '../inspect/recorder.ts'
import type { Clock } from '../kernel/clock.ts'
import { Alarm } from '../pacing/alarm.ts'
import type { StatusNews } from './status-news.ts'

/** How long changes are gathered before they are sent, in milliseconds. */
const GATHERED = 50

/** How often the reader is told what has changed in the proxy itself, in milliseconds. */
const TOLD = 1_000

/** How often something is sent at least, in milliseconds, so that no one in between takes the connection for dead. */
const KEPT_ALIVE = 15_000

/**
 * How much may wait for a reader, in bytes of text, when there is more to send. One that is slower is cut off, and comes
 * back for the rest.
 */
const MOST_WAITING = 4 * 1024 * 1024

/** What an {@link EventStream} needs. */
export interface EventStreamOptions {
  readonly recorder: Recorder
  readonly clock: Clock
  readonly isVisible: (record: RequestRecord) => boolean
  /** The id of the last event that the reader has seen, if it has seen any. */
  readonly lastEventId: string | undefined
  /** Tells of the proxy itself; null for a reader who may not see that. */
  readonly news: StatusNews | null
}

/**
 * Streams the records of requests as server-sent events (HTML Living Standard, 9.2): those that are kept and newer than
 * the last event, then each that begins or ends. A record may come again, and replaces the one that came before. Events
 * that tell of the proxy itself have no id, so that the last one is always that of a request.
 */
export class EventStream extends Readable {
  readonly #options: EventStreamOptions
  readonly #gathering: Alarm
  readonly #telling: Alarm
  readonly #alive: Alarm
  readonly #stopListening: () => void
  /** The latest change of a record that was sent. */
  #sent: number

  constructor(options: EventStreamOptions) {
    super({ read() {} })
    const { recorder, clock, lastEventId, news } = options
    this.#options = options
    this.#sent = recorder.changeOf(lastEventId)
    this.#gathering = new Alarm(clock, () => this.#sendChanges())
    this.#telling = new Alarm(clock, () => this.#sendNews(news))
    this.#alive = new Alarm(clock, () => this.#keepAlive())
    this.#stopListening = recorder.listen(() => {
      if (!this.#gathering.isSet) this.#gathering.set(GATHERED)
    })
    // the head of the response goes with the first piece
    this.#keepAlive()
    this.#sendNews(news)
    this.#sendChanges()
  }

  /** Ends the stream once the reader has taken what waits for it. */
  end(): void {
    this.#stop()
    this.push(null)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stop()
    done(error)
  }

  #sendChanges(): void {
    const { recorder, isVisible } = this.#options
    const changed = recorder.changedAfter(this.#sent)
    this.#sent = changed.at(-1)?.change ?? this.#sent
    const events = changed.filter(isVisible).map(record => eventOf(recorder.eventId(record.change), record))
    this.#send(events.join(''))
  }

  #sendNews(news: StatusNews | null): void {
    if (!news) return
    this.#telling.set(TOLD)
    this.#send(news.next())
  }

  #keepAlive(): void {
    this.#alive.set(KEPT_ALIVE)
    this.#send(':\n\n')
  }

  #send(text: string): void {
    if (this.readableLength > MOST_WAITING) this.destroy()
    else this.push(text)
  }

  #stop(): void {
    this.#stopListening()
    this.#gathering.clear()
    this.#telling.clear()
    this.#alive.clear()
  }
}

function eventOf(id: string, { change, ...record }: RequestRecord): string {
  return `id: ${id}\nevent: request\ndata: ${JSON.stringify(record)}\n\n`
}
