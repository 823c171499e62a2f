import {
  type Context,
  type HrTime,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { hrTimeDuration, millisToHrTime } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import {
  RandomIdGenerator,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { type Clock, withDeadline } from '../../kernel/clock.ts'
import type { TraceContext } from '../../request/trace-context.ts'
import type { Span, TraceOutput } from '../tracing/span.ts'
import type { CollectorLog } from './collector-log.ts'

/** How long the last spans may take to reach the collector when the proxy stops, in milliseconds. */
const FLUSH_TIMEOUT = 2_000

const SCOPE = { name: 'prismacloud-proxy' }

const KINDS: Readonly<Record<Span['kind'], SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
}

/** What {@link OtelOutput} needs. */
export interface OtelOutputOptions {
  readonly sampler: Sampler
  /** What sends spans in batches; null if they are not sent. */
  readonly processor: SpanProcessor | null
  readonly resource: Resource
  readonly collectorLog: CollectorLog
  readonly clock: Clock
  readonly propagates: boolean
  /** How many spans may wait to be sent. */
  readonly maxQueue: number
}

/**
 * Decides with OpenTelemetry's sampler which traces are recorded, and sends their spans through its processor. The spans
 * are over when they come, so they are given to the processor as they are: OpenTelemetry's tracer would copy each
 * attribute three times, which costs 5 % of a request if a tenth of them is recorded.
 */
export class OtelOutput implements TraceOutput {
  readonly #options: OtelOutputOptions
  readonly #ids = new RandomIdGenerator()
  #waiting = 0
  #closed: Promise<void> | undefined

  constructor(options: OtelOutputOptions) {
    this.#options = options
  }

  get propagates(): boolean {
    return this.#options.propagates
  }

  begin(parent: TraceContext | null): TraceContext {
    const traceId = parent?.traceId ?? this.#ids.generateTraceId()
    const context = parent ? within(parent) : ROOT_CONTEXT
    const { decision } = this.#options.sampler.shouldSample(context, traceId, '', SpanKind.SERVER, {}, [])
    const isSampled = decision === SamplingDecision.RECORD_AND_SAMPLED
    return { traceId, spanId: this.#ids.generateSpanId(), isSampled }
  }

  write(spans: readonly Span[]): void {
    const { processor, resource, collectorLog, maxQueue } = this.#options
    if (processor === null) return
    // OpenTelemetry's own queue would drop them as well, with a line for each burst
    if (this.#waiting + spans.length > maxQueue) {
      collectorLog.full(spans.length)
      return
    }
    this.#waiting += spans.length
    for (const span of spans) processor.onEnd(readable(span, resource))
  }

  /** Notes that so many spans are no longer waiting. */
  taken(count: number): void {
    this.#waiting -= count
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const { processor, collectorLog, clock } = this.#options
    // who did not take spans before will not take them now
    if (processor === null || collectorLog.isFailing) return
    await withDeadline(clock, FLUSH_TIMEOUT, undefined, () => processor.shutdown()).catch(() => collectorLog.late())
  }
}

/** A span in the form that OpenTelemetry's processors and exporters take. */
function readable(
  { trace: own, parentId, name, kind, from, to, attributes, failed }: Span,
  resource: Resource,
): ReadableSpan {
  const context = spanContext(own, false)
  const [startTime, endTime]: [HrTime, HrTime] = [millisToHrTime(from), millisToHrTime(to)]
  return {
    name,
    kind: KINDS[kind],
    spanContext: () => context,
    ...(parentId !== null && { parentSpanContext: spanContext({ ...own, spanId: parentId }, kind === 'server') }),
    startTime,
    endTime,
    duration: hrTimeDuration(startTime, endTime),
    ended: true,
    status: { code: failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes,
    links: [],
    events: [],
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

/** The context of what a span of another process is the parent of. */
function within(parent: TraceContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, spanContext(parent, true))
}

function spanContext({ traceId, spanId, isSampled }: TraceContext, isRemote: boolean): SpanContext {
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote }
}
