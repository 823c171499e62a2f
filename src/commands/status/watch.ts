import type { Clock } from '../../kernel/clock.ts'
import { Alarm } from '../../pacing/alarm.ts'
import type { Display } from './display.ts'

/** The time between two looks, in milliseconds. */
const INTERVAL = 1_000

/** What {@link watch} needs. */
export interface WatchOptions<T> {
  readonly clock: Clock
  /** What was read already, to be shown at once. */
  readonly first: T
  readonly read: () => Promise<T>
  readonly display: Display<T>
  /** Settles when it is to end. */
  readonly ended: Promise<unknown>
}

/** Reads a status every second and shows it, or why it cannot be read, until it is to end. */
export async function watch<T>({ clock, first, read, display, ended }: WatchOptions<T>): Promise<void> {
  let isOver = false
  const look = async () => {
    const seen = await read().catch((error: Error) => error)
    if (isOver) return
    if (seen instanceof Error) display.lost(seen)
    else display.show(seen)
    alarm.set(INTERVAL)
  }
  const alarm = new Alarm(clock, () => void look())
  display.show(first)
  alarm.set(INTERVAL)
  await ended
  isOver = true
  alarm.clear()
  display.close()
}
