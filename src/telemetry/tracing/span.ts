import type { TraceContext } from '../../request/trace-context.ts'

/** What OpenTelemetry's semantic conventions call a span's attributes: facts by name. */
export type Attributes = Record<string, string | number>

/** A span that is over: a request, or a part of one. */
export interface Span {
  readonly trace: TraceContext
  /** The id of the span that this one is a part of; null at the beginning of a trace. */
  readonly parentId: string | null
  readonly name: string
  /** Whether it is a request that the proxy received, one that it sent, or neither. */
  readonly kind: 'server' | 'client' | 'internal'
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  /** The facts about it, without any secret. */
  readonly attributes: Readonly<Attributes>
  /** Whether it counts as an error. */
  readonly failed: boolean
}

/** Takes the spans of traces that are recorded, and decides which are. */
export interface TraceOutput {
  /** Whether clients may say which trace a request belongs to, and the upstream is told. */
  readonly propagates: boolean
  /** Returns a new span of the parent's trace, or the first of a new trace. */
  begin(parent: TraceContext | null): TraceContext
  /** Takes the spans of a trace that is sampled. Drops them if too many are waiting to be sent. */
  write(spans: readonly Span[]): void
  /** Sends what is waiting, if that is possible within two seconds, and then nothing more. May be called again. */
  close(): Promise<void>
}
