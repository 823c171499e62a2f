import type { Clock } from '../kernel/clock.ts'
import { escapeUnprintable } from '../kernel/printable.ts'
import { Problem } from '../problem/problem.ts'
import type { Exchange } from '../request/exchange.ts'

/** Where the lines of an audit are kept. */
export interface AuditOutput {
  /** Keeps a line, at once or together with others within milliseconds. */
  write(line: string): void
  /** Keeps a line at once, and gives whether it could. */
  writeNow(line: string): boolean
  /** How many lines could not be kept. */
  readonly lost: number
}

export interface AuditOptions {
  readonly output: AuditOutput
  readonly clock: Clock
  /** Whether what cannot be recorded is to be refused. */
  readonly required: boolean
}

/** A connection that a client asks for by CONNECT, as it went. */
export interface ConnectionRecord {
  readonly requestId: string
  /** The host and port that the client asked for, as it wrote them. */
  readonly host: string
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number
  /** By its name; null where clients have none, or it was not let in. */
  client: string | null
  /** The status of the answer to CONNECT. */
  status: number
  /** What became of it: a problem's type, `served` here in the host's name, or how a tunnel ended. */
  verdict: string
}

/** What went through a connection in each direction, in bytes. */
export interface Traffic {
  readonly fromClient: number
  readonly toClient: number
}

/** Who asked for what, and what became of it: a line of JSON for each request that was to be forwarded, and each CONNECT. */
export class Audit {
  readonly #options: AuditOptions

  constructor(options: AuditOptions) {
    this.#options = options
  }

  /** A request is about to be served. @throws {Problem} `audit-unavailable` where that is not recorded, and must be */
  begin({ requestId, client, method, path }: Exchange): void {
    this.#begin({ requestId, client, method, path })
  }

  /** The same of a connection that is about to be made. */
  beginConnection({ requestId, client, host }: ConnectionRecord): void {
    this.#begin({ requestId, client, method: 'CONNECT', host })
  }

  /** An exchange ended; `status` is 0 where the client did not get all of an answer. */
  record(exchange: Exchange, status: number): void {
    const { requestId, client, tenant, method, path, bytes, upstreamRequestId } = exchange
    const verdict = verdictOn(exchange, status)
    const line = { requestId, client, tenant, method, path, status, bytes, upstreamRequestId, verdict }
    this.#options.output.write(this.#line(line))
  }

  /** A connection ended. */
  recordConnection(connection: ConnectionRecord, { fromClient, toClient }: Traffic): void {
    const { output, clock } = this.#options
    const { requestId, client, host, status, startedAt, verdict } = connection
    const traffic = { bytesFromClient: fromClient, bytesToClient: toClient }
    const ms = Math.round(clock.monotonic() - startedAt)
    output.write(this.#line({ requestId, client, method: 'CONNECT', host, status, ...traffic, ms, verdict }))
  }

  #begin(facts: object): void {
    const { output, required } = this.#options
    if (!required || output.writeNow(this.#line({ ...facts, verdict: 'begun' }))) return
    throw new Problem('audit-unavailable', 'The audit cannot be written, and audit.required lets nothing go unrecorded')
  }

  #line(facts: object): string {
    const time = new Date(this.#options.clock.now()).toISOString()
    return `${escapeUnprintable(JSON.stringify({ time, ...facts }))}\n`
  }
}

/** The problem that the client was told of, else where its answer came from. */
function verdictOn({ failure, cache, answeredHere }: Exchange, status: number): string {
  if (failure) return failure.type
  if (status === 0) return 'aborted'
  if (answeredHere) return 'answered'
  return cache === 'hit' || cache === 'shared' ? 'cached' : 'forwarded'
}
