import type { RequestTimes } from '../../inspect/record.ts'

/** A part of the time of a request: waiting for a session, for the rate limit, for the upstream's head, and the rest. */
export type TimingPart = readonly [name: 'session' | 'queue' | 'upstream' | 'rest', ms: number]

/** Where the time of a request went, in order, without what took no time. */
export function partsOf({ session, queue, upstream, total }: RequestTimes): TimingPart[] {
  const rest = total === null ? 0 : Math.max(0, total - session - queue - upstream)
  const parts: TimingPart[] = [
    ['session', session],
    ['queue', queue],
    ['upstream', upstream],
    ['rest', rest],
  ]
  return parts.filter(([, ms]) => ms > 0)
}
