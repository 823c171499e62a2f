import { Problem } from '../problem/problem.ts'
import type { Gate } from './gate.ts'
import type { GateStatus } from './gate-status.ts'
import type { PermitRequest } from './permit.ts'

/** Says that the wait would be too long. `delay` is in milliseconds. */
export function tooLong(delay: number): string {
  return `the request would wait ${seconds(delay)} s, longer than pacing.maxWait allows`
}

/** Says that the queue is full. */
export function queueFull(waiting: number): string {
  return `${waiting} ${waiting === 1 ? 'request is' : 'requests are'} already waiting`
}

/** The problem of a request that has waited `longest` milliseconds for a permit. */
export function notInTime(gate: Gate, request: PermitRequest, longest: number, now: number): Problem {
  const why = `the request has already waited ${seconds(longest)} s`
  return rateLimited(gate.status(now), gate.delay(request, now), why)
}

/** The problem of a request that gets no permit. `wait` is the milliseconds after which it may try again. */
export function rateLimited(status: GateStatus, wait: number, why: string): Problem {
  const isLimit = status.pause === 0 && status.limit !== null
  const cause = isLimit
    ? 'The rate limit of this endpoint is exhausted'
    : 'The upstream is refusing requests to this endpoint'
  return new Problem('rate-limited', `${cause}, and ${why}`, { retryAfter: seconds(wait) })
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}
