import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { CollectorLog } from './collector-log.ts'

/**
 * Passes spans on to an exporter and logs whether that worked. Whoever exports is told that it did: OpenTelemetry would
 * log every single failure.
 */
export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #collectorLog: CollectorLog
  readonly #taken: (count: number) => void

  /** `taken` is called with the number of spans that are no longer waiting. */
  constructor(exporter: SpanExporter, collectorLog: CollectorLog, taken: (count: number) => void) {
    this.#exporter = exporter
    this.#collectorLog = collectorLog
    this.#taken = taken
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#taken(spans.length)
    this.#exporter.export(spans, ({ code, error }) => {
      if (code === ExportResultCode.SUCCESS) this.#collectorLog.delivered()
      else this.#collectorLog.failed(spans.length, error)
      done({ code: ExportResultCode.SUCCESS })
    })
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }
}
