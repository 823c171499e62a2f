import { Readable } from 'node:stream'
import type { RequestRecord } from '../inspect/record.ts'
import type { Recorder } from '../inspect/recorder.ts'
import type { Clock, Timer } from '../kernel/clock.ts'

/** How long changes are gathered before they are sent, in milliseconds. */
const GATHERED = 50

/** How often something is sent at least, in milliseconds, so that no one in between takes the connection for dead. */
const KEPT_ALIVE = 15_000

/** How much may wait for a reader, in bytes of text. One that is slower is cut off, and comes back for the rest. */
const MOST_WAITING = 4 * 1024 * 1024

/** What {@link eventStream} needs. */
export interface EventStreamOptions {
  readonly recorder: Recorder
  readonly clock: Clock
  readonly isVisible: (record: RequestRecord) => boolean
  /** The id of the last event that the reader has seen, if it has seen any. */
  readonly lastEventId: string | undefined
}

/**
 * Streams the records of requests as server-sent events (HTML Living Standard, 9.2): those that are kept and newer than
 * the last event, then each that begins or ends. A record may come again, and replaces the one that came before.
 */
export function eventStream({ recorder, clock, isVisible, lastEventId }: EventStreamOptions): Readable {
  let sent = recorder.changeOf(lastEventId)
  let gathering: Timer | undefined
  const flush = () => {
    gathering = undefined
    for (const record of recorder.changedAfter(sent)) {
      sent = record.change
      if (isVisible(record)) stream.push(eventOf(recorder.eventId(sent), record))
    }
    if (stream.readableLength > MOST_WAITING) stream.destroy()
  }
  const stop = recorder.listen(() => {
    gathering ??= clock.setTimeout(flush, GATHERED)
  })
  const keepAlive = () => {
    stream.push(':\n\n')
    alive = clock.setTimeout(keepAlive, KEPT_ALIVE)
  }
  let alive = clock.setTimeout(keepAlive, KEPT_ALIVE)
  const stream = new Readable({
    read() {},
    destroy(error, done) {
      stop()
      clock.clearTimeout(alive)
      if (gathering) clock.clearTimeout(gathering)
      done(error)
    },
  })
  // the head of the response goes with the first piece
  stream.push(':\n\n')
  flush()
  return stream
}

function eventOf(id: string, { change, ...record }: RequestRecord): string {
  return `id: ${id}\nevent: request\ndata: ${JSON.stringify(record)}\n\n`
}
