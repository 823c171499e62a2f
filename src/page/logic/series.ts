import type { TrafficSlot } from '../../inspect/traffic.ts'

/** The length of a slot of traffic, in seconds. */
const SLOT = 30

/** How many slots make an hour. */
const SLOTS = 120

/** The traffic of the last hour, ready to be drawn: one value for each time. */
export interface TrafficSeries {
  /** When each slot began, in seconds since the epoch. */
  readonly times: readonly number[]
  /** How many requests ended per second. */
  readonly rate: readonly number[]
  /** How many of them failed per second. */
  readonly failed: readonly number[]
  /** In milliseconds; null where there was no request. */
  readonly p50: readonly (number | null)[]
  readonly p95: readonly (number | null)[]
}

/** Makes series of the slots that have requests. `now` is in milliseconds since the epoch. */
export function trafficSeries(slots: readonly TrafficSlot[], now: number): TrafficSeries {
  const byTime = new Map(slots.map(slot => [slot.startedAt / 1_000, slot]))
  const last = Math.floor(now / 1_000 / SLOT) * SLOT
  const times = Array.from({ length: SLOTS }, (_, at) => last - (SLOTS - 1 - at) * SLOT)
  const each = <T>(pick: (slot: TrafficSlot) => T, none: T) =>
    times.map(time => {
      const slot = byTime.get(time)
      return slot ? pick(slot) : none
    })
  // the last slot is not over yet
  const lasted = (startedAt: number) => Math.min(SLOT, Math.max(1, (now - startedAt) / 1_000))
  return {
    times,
    rate: each(({ requests, startedAt }) => requests / lasted(startedAt), 0),
    failed: each(({ failed, startedAt }) => failed / lasted(startedAt), 0),
    p50: each<number | null>(({ p50 }) => p50, null),
    p95: each<number | null>(({ p95 }) => p95, null),
  }
}
