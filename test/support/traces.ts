import type { TraceContext } from '../../src/request/trace-context.ts'
import type { Span, TraceOutput } from '../../src/telemetry/tracing/span.ts'
import { until } from './until.ts'

/** Keeps what it is given; who is asked for a trace of its own decides whether it is recorded. */
export interface KeptTraces extends TraceOutput {
  readonly spans: readonly Span[]
  isSampled: boolean
  isClosed: boolean
  /** Waits for the spans of one more request, auth calls aside, and gives them. */
  next(): Promise<readonly Span[]>
}

/** Takes spans in place of OpenTelemetry. Continues traces as clients say, and numbers what it begins. */
export function keepTraces({ propagates = true } = {}): KeptTraces {
  const written: (readonly Span[])[] = []
  let count = 0
  let read = 0
  const ofRequests = () => written.filter(([first]) => first?.kind === 'server')
  const traces: KeptTraces = {
    propagates,
    isSampled: true,
    isClosed: false,
    get spans() {
      return written.flat()
    },
    begin(parent): TraceContext {
      const id = `${++count}`
      const isSampled = parent?.isSampled ?? traces.isSampled
      return { traceId: parent?.traceId ?? id.padStart(32, 'f'), spanId: id.padStart(16, 'e'), isSampled }
    },
    write: spans => void written.push(spans),
    async close() {
      traces.isClosed = true
    },
    async next() {
      await until(() => ofRequests().length > read)
      return ofRequests()[read++] ?? []
    },
  }
  return traces
}
