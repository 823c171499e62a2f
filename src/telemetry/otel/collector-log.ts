import { format } from 'node:util'
import type { Clock } from '../../kernel/clock.ts'
import { errorCodes } from '../../kernel/error-codes.ts'
import type { Log } from '../../kernel/log.ts'
import { escapeUnprintable } from '../../kernel/printable.ts'
import { Secret } from '../../kernel/secret.ts'

/** How long what was logged is not repeated, in milliseconds. */
const INTERVAL = 60_000

/** The longest text of the collector or of OpenTelemetry that is logged, in characters. */
const LONGEST_TEXT = 500

/** What {@link CollectorLog} needs. */
export interface CollectorLogOptions {
  readonly log: Log
  readonly clock: Clock
  /** The collector's URL, without user and password. */
  readonly collector: string
  /** What the requests to the collector contain and no log line may show. */
  readonly secrets: readonly Secret[]
}

/**
 * Logs whether spans reach the collector: one line when they no longer do, and one when they do again, however long
 * that takes and however many spans are lost.
 */
export class CollectorLog {
  readonly #options: CollectorLogOptions
  readonly #saidAt = new Map<string, number>()
  #isFailing = false
  #lost = 0

  constructor(options: CollectorLogOptions) {
    this.#options = options
  }

  /** Whether the collector did not take the latest spans. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /** The collector took spans. */
  delivered(): void {
    const { log, collector } = this.#options
    const lost = this.#lost
    if (this.#isFailing) log.info({ lost }, `traces are sent to ${collector} again; ${lost} spans were lost`)
    else if (lost > 0 && this.#isNews('full')) log.warn({ lost }, `${lost} spans were lost: ${FULL}`)
    else return
    this.#isFailing = false
    this.#lost = 0
  }

  /** The collector did not take so many spans, which are lost. */
  failed(lost: number, error: unknown): void {
    const { log, collector } = this.#options
    this.#lost += lost
    if (this.#isFailing) return
    this.#isFailing = true
    log.warn(`traces cannot be sent to ${collector} (${this.#reason(error)}); spans are lost until that works again`)
  }

  /** So many spans are lost because too many are waiting. They are reported once the collector takes others. */
  full(lost: number): void {
    this.#lost += lost
  }

  /** The proxy stops before the collector has taken all spans. */
  late(): void {
    this.#options.log.warn(`the last spans are lost: ${this.#options.collector} did not take them in time`)
  }

  /** OpenTelemetry's packages have something to say. */
  diagnostic(message: string, details: readonly unknown[]): void {
    const { log } = this.#options
    if (!this.#isFailing && this.#isNews(message))
      log.warn(`OpenTelemetry: ${this.#shown(format(message, ...details))}`)
  }

  /** Whether something was not logged in the last minute. If so, it is taken as logged now. */
  #isNews(what: string): boolean {
    const now = this.#options.clock.monotonic()
    const before = this.#saidAt.get(what)
    if (before !== undefined && now - before < INTERVAL) return false
    this.#saidAt.set(what, now)
    return true
  }

  /** Why spans were not taken. The text of a response is not shown, because it may repeat what was sent. */
  #reason(error: unknown): string {
    const { code, message } = Object(error)
    if (typeof code === 'number') return `it returned ${code}`
    return errorCodes(error)[0] ?? this.#shown(`${message}`)
  }

  #shown(text: string): string {
    return escapeUnprintable(Secret.maskAllIn(text.slice(0, LONGEST_TEXT), this.#options.secrets))
  }
}

const FULL = 'they are made faster than sent; sample fewer (OTEL_TRACES_SAMPLER), or raise OTEL_BSP_MAX_QUEUE_SIZE'
