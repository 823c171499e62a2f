import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../kernel/clock.ts'
import { Secret } from '../../kernel/secret.ts'
import type { Exchange } from '../../request/exchange.ts'
import { parseTraceparent } from '../../request/trace-context.ts'
import type { Dispatcher } from '../../upstream/dispatcher.ts'
import { spansOf } from './request-spans.ts'
import type { TraceOutput } from './span.ts'
import { TracedCalls } from './traced-calls.ts'

/** The longest text of a client that a span contains, in characters. */
const LONGEST_TEXT = 1_024

/** How many texts of clients are known to be without secrets. */
const MOST_CLEANED = 1_000

/** What {@link Tracing} needs. */
export interface TracingOptions {
  readonly output: TraceOutput
  readonly clock: Clock
  /** Returns the secrets that a request may contain. No span does. */
  readonly secrets: (exchange: Pick<Exchange, 'tenant' | 'client'>) => readonly Secret[]
}

/**
 * Traces forwarded requests and the proxy's own auth calls. Whether a trace is recorded is decided when it begins. The
 * spans of a request are made when it is over, of what its exchange says, so that one that is not recorded costs hardly
 * more than its id.
 */
export class Tracing {
  readonly #options: TracingOptions
  /** Texts of clients without secrets, by the fingerprints of these and the text. To find secrets takes 10 µs a text. */
  readonly #cleaned = new LRUCache<string, string>({ max: MOST_CLEANED })

  constructor(options: TracingOptions) {
    this.#options = options
  }

  /** Begins the span of a request, in the trace that the client names, if it does. */
  begin(exchange: Exchange, { headers }: IncomingMessage): void {
    const { output } = this.#options
    const parent = output.propagates ? parseTraceparent(headers.traceparent?.toString()) : null
    exchange.trace = output.begin(parent)
    if (exchange.trace.isSampled) exchange.steps = []
  }

  /** Ends the span of a request with the status that its client got, or 0, and passes on all its spans. */
  end(exchange: Exchange, request: IncomingMessage, status: number): void {
    const { trace, steps } = exchange
    if (!trace || !steps) return
    const { output, clock, secrets } = this.#options
    const endedAt = clock.monotonic()
    // nobody knows what a request contains that was refused before its tenant was known
    const clean = exchange.tenant === null ? () => null : this.#cleaner(secrets(exchange))
    const offset = clock.now() - endedAt
    output.write(spansOf({ exchange, trace, steps, request, status, endedAt, offset, clean }))
  }

  /** Returns what removes these secrets from texts, which clients mostly send again and again. */
  #cleaner(secrets: readonly Secret[]): (text: string) => string {
    const key = secrets.map(({ fingerprint }) => fingerprint).join()
    return text => {
      const cut = text.slice(0, LONGEST_TEXT)
      const known = this.#cleaned.get(key + cut)
      if (known !== undefined) return known
      const cleaned = Secret.maskAllIn(cut, secrets)
      this.#cleaned.set(key + cut, cleaned)
      return cleaned
    }
  }

  /** Returns a dispatcher that traces the auth calls of a tenant, which it passes on to another one. */
  calls(dispatcher: Dispatcher, tenant: string): TracedCalls {
    return new TracedCalls(dispatcher, { ...this.#options, tenant })
  }
}
