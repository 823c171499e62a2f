import type { Limit } from './limit.ts'

/** What is known about an endpoint. */
export interface GateStatus {
  /** Null if no limit is known. */
  readonly limit: Limit | null
  /** The number of waiting requests. */
  readonly waiting: number
  /** How long nothing is sent because the upstream refused a request, in milliseconds. */
  readonly pause: number
  readonly counts: Readonly<GateCounts>
}

/** Counters since the endpoint became known. */
export interface GateCounts {
  /** Requests that had to wait, whether they got a permit or not. */
  waits: number
  /** The sum of their waits, in seconds. */
  waitSeconds: number
  /** Responses of the upstream with status 429 or 503. */
  refusals: number
}
