import { randomUUID } from 'node:crypto'

/** Where something belongs in a distributed trace (W3C Trace Context): the trace, and the span that stands for it. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string
  /** Whether the trace is recorded. */
  readonly isSampled: boolean
}

/** The flag of a recorded trace (W3C Trace Context, 3.2.2.5). */
const SAMPLED = 1

/** Version, trace id, parent id, flags; later versions may add fields (W3C Trace Context, 3.2.2 and 4.3). */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Reads a `traceparent` header. Returns null if it is invalid or there is none; then a new trace must begin. */
export function parseTraceparent(header: string | undefined): TraceContext | null {
  const [, version, traceId = '', spanId = '', flags = '', further] = TRACEPARENT.exec(header ?? '') ?? []
  if (version === undefined || (version === '00' && further !== undefined)) return null
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

/** The `traceparent` header that makes a span the parent of what the receiver records. */
export function traceparentOf({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${isSampled ? SAMPLED : 0}`
}

/** A new span of a trace. */
export function childOf({ traceId, isSampled }: TraceContext): TraceContext {
  // 64 random bits, which the middle of a UUID would not be (RFC 9562, 5.4). Node.js keeps random bytes for UUIDs, so
  // that one takes a tenth of the time of randomBytes
  const id = randomUUID()
  return { traceId, spanId: id.slice(0, 8) + id.slice(-8), isSampled }
}
