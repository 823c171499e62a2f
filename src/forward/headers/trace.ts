import { isNamed, type RawHeaders } from '../../http/raw-headers.ts'
import { parseTraceparent, type TraceContext, traceparentOf } from '../../request/trace-context.ts'

/**
 * Returns the headers with a `traceparent` that names this span as the parent. `tracestate` stays only if the client's
 * own `traceparent` is of the same trace: what belongs to an invalid one is dropped (W3C Trace Context, 4.3).
 */
export function withTrace(headers: RawHeaders, trace: TraceContext): string[] {
  const kept: string[] = []
  const states: string[] = []
  let parent: string | undefined
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [String(headers[at]), String(headers[at + 1])]
    // two of them make no valid one
    if (isNamed(name, 'traceparent')) parent = parent === undefined ? value : ''
    else if (isNamed(name, 'tracestate')) states.push(name, value)
    else kept.push(name, value)
  }
  if (states.length > 0 && parseTraceparent(parent)?.traceId === trace.traceId) kept.push(...states)
  kept.push('traceparent', traceparentOf(trace))
  return kept
}
