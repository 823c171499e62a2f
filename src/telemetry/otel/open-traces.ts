import { randomUUID } from 'node:crypto'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { parseKeyPairsIntoRecord, setGlobalErrorHandler } from '@opentelemetry/core'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { OtelConfig } from '../../config/config.ts'
import type { Environment } from '../../config/sources/environment.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { USER_AGENT } from '../../kernel/product.ts'
import { Secret } from '../../kernel/secret.ts'
import type { TraceOutput } from '../tracing/span.ts'
import { CollectorLog } from './collector-log.ts'
import { OtelOutput } from './otel-output.ts'
import { samplerOf } from './sampler.ts'
import { WatchedExporter } from './watched-exporter.ts'

/** The variables with headers for the collector, such as its API key. */
const HEADERS = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS']

/** What {@link openTraces} needs besides the configuration. */
export interface TracesOptions {
  /** The environment of this process, of which OpenTelemetry's packages read the rest themselves. */
  readonly env: Environment
  readonly log: Log
  readonly clock: Clock
  readonly version: string
}

/**
 * Sets up OpenTelemetry's sampler, queue and exporter, as its variables say. Nothing is sent before there are spans.
 * What the packages would write to the console goes to the log. That is global, so there can be one output at a time.
 */
export function openTraces(config: OtelConfig, { env, log, clock, version }: TracesOptions): TraceOutput {
  const { origin, pathname, username, password } = new URL(config.url)
  const headers = HEADERS.flatMap(name => Object.values(parseKeyPairsIntoRecord(env[name])))
  const secrets = [...headers, username, password].map(text => new Secret(text))
  const collectorLog = new CollectorLog({ log, clock, collector: origin + pathname, secrets })
  reportTo(collectorLog)
  const exporter = exporterFor(config)
  const watched = exporter && new WatchedExporter(exporter, collectorLog, count => output.taken(count))
  const processor = watched && new BatchSpanProcessor(watched)
  const { propagates, maxQueue } = config
  const sampler = samplerOf(config)
  const resource = resourceOf(version)
  const output = new OtelOutput({ sampler, processor, resource, collectorLog, clock, propagates, maxQueue })
  return output
}

function reportTo(collectorLog: CollectorLog): void {
  const report = (message: string, ...details: unknown[]) => collectorLog.diagnostic(message, details)
  const logger = { error: report, warn: report, info: report, debug: report, verbose: report }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  setGlobalErrorHandler(error => collectorLog.failed(0, error))
}

/** Makes what sends spans, over connections of its own that verify the collector; null if nothing is sent. */
function exporterFor({ protocol, url, authorities, identity }: OtelConfig): SpanExporter | null {
  const tls = {
    // whatever NODE_TLS_REJECT_UNAUTHORIZED says
    rejectUnauthorized: true,
    ...(authorities !== null && { ca: authorities }),
    ...(identity && { cert: identity.cert, key: identity.key.reveal() }),
  }
  const options = { url, userAgent: USER_AGENT, httpAgentOptions: { keepAlive: true, ...tls } }
  if (protocol === null) return null
  return protocol === 'http/json' ? new JsonExporter(options) : new ProtobufExporter(options)
}

/** What all spans are of: this process, with what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say about it. */
function resourceOf(version: string): Resource {
  const own = resourceFromAttributes({
    'service.name': 'prismacloud-proxy',
    'service.version': version,
    'service.instance.id': randomUUID(),
  })
  return defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }))
}
