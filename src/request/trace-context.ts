/** Where something belongs in a distributed trace (W3C Trace Context): the trace, and the span that stands for it. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string
  /** Whether the trace is recorded. */
  readonly isSampled: boolean
}
