import { withoutQuery } from './target.ts'
import { childOf, type TraceContext } from './trace-context.ts'

/** A wait of a request: for a session, for the rate limit, or for the response to an identical request. */
export interface Wait {
  readonly kind: 'session' | 'queue' | 'upstream'
  /** Readings of the monotonic clock, in milliseconds. */
  readonly from: number
  readonly to: number
}

/** An attempt to send a request to the upstream. */
export interface AttemptStep {
  readonly kind: 'attempt'
  /** The span that stands for the attempt; the upstream is told that it is the parent of its own. */
  readonly trace: TraceContext
  /** The origin that the request was sent to, such as `https://api2.prismacloud.io`. */
  readonly origin: string
  /** The path that was requested, without its query. */
  readonly path: string
  /** A reading of the monotonic clock, in milliseconds. */
  readonly from: number
  /** When the response was complete, or the attempt failed; null until then. */
  to: number | null
  /** The status of the response; 0 until there is one. */
  status: number
  /** What kept the response from being complete; undefined if nothing did. */
  error: unknown
}

/** A part of a request that becomes a span of its own when the request is recorded. */
export type Step = Wait | AttemptStep

/** What {@link beginAttempt} needs to know about a request. */
export interface Traced {
  readonly trace: TraceContext | null
  readonly steps: Step[] | null
}

/** Notes that an attempt to send a request to this URL begins, and returns the note; null if the request is not recorded. */
export function beginAttempt(
  { trace, steps }: Traced,
  { origin, basePath, apiTarget }: { readonly origin: string; readonly basePath: string; readonly apiTarget: string },
  from: number,
): AttemptStep | null {
  if (!trace || !steps) return null
  const path = basePath + withoutQuery(apiTarget)
  const own = childOf(trace)
  const step: AttemptStep = { kind: 'attempt', trace: own, origin, path, from, to: null, status: 0, error: undefined }
  steps.push(step)
  return step
}
