import type { Clock } from '../kernel/clock.ts'
import { escapeUnprintable } from '../kernel/printable.ts'
import { operationName } from '../operations/operations.ts'
import { Problem } from '../problem/problem.ts'
import type { Exchange } from '../request/exchange.ts'

/** The destination of the lines of the audit log. */
export interface AuditOutput {
  /** Writes a line, immediately or batched with others within milliseconds. */
  write(line: string): void
  /** Writes a line immediately and returns whether that succeeded. */
  writeNow(line: string): boolean
  /** The number of lines that could not be written. */
  readonly lost: number
}

/** Options of {@link Audit}. */
export interface AuditOptions {
  readonly output: AuditOutput
  readonly clock: Clock
  /** Whether requests that cannot be recorded are rejected. */
  readonly required: boolean
}

/** A connection that a client requested with CONNECT; the last three members are updated until it ends. */
export interface ConnectionRecord {
  readonly requestId: string
  /** The host and port from the request target, as the client wrote them. */
  readonly host: string
  /** The start, in milliseconds of the monotonic clock. */
  readonly startedAt: number
  /** The name of the client; null if no clients are configured, or it was not admitted. */
  client: string | null
  /** The status of the response to CONNECT. */
  status: number
  /** The outcome: a problem type, `served` if the proxy itself acted as the host, or how the tunnel ended. */
  verdict: string
}

/** The bytes that a connection carried in each direction. */
export interface Traffic {
  readonly fromClient: number
  readonly toClient: number
}

/**
 * The audit log: who requested what, and the outcome. It has one line of JSON for each request that is to be forwarded
 * and for each CONNECT. If records are required, each also has a line before it starts.
 */
export class Audit {
  readonly #options: AuditOptions

  constructor(options: AuditOptions) {
    this.#options = options
  }

  /**
   * Records the start of a request, if records are required.
   * @throws {Problem} `audit-unavailable` if the line cannot be written
   */
  begin({ requestId, client, method, path }: Exchange): void {
    this.#begin({ requestId, client, method, path })
  }

  /**
   * Records the start of a connection, if records are required.
   * @throws {Problem} `audit-unavailable` if the line cannot be written
   */
  beginConnection({ requestId, client, host }: ConnectionRecord): void {
    this.#begin({ requestId, client, method: 'CONNECT', host })
  }

  /** Records the end of a request. `status` is 0 if the client did not receive a complete response. */
  record(exchange: Exchange, status: number): void {
    const { requestId, client, tenant, method, path, bytes, upstreamRequestId } = exchange
    const verdict = verdictOn(exchange, status)
    const operation = operationName(exchange.operation)
    const line = { requestId, client, tenant, method, path, operation, status, bytes, upstreamRequestId, verdict }
    this.#options.output.write(this.#line(line))
  }

  /** Records the end of a connection and the bytes that it carried. */
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
    throw new Problem(
      'audit-unavailable',
      'The audit log cannot be written, and audit.required rejects requests that are not recorded',
    )
  }

  #line(facts: object): string {
    const time = new Date(this.#options.clock.now()).toISOString()
    return `${escapeUnprintable(JSON.stringify({ time, ...facts }))}\n`
  }
}

/** The type of the problem that the client received, else the origin of its response. */
function verdictOn({ failure, cache, answeredHere }: Exchange, status: number): string {
  if (failure) return failure.type
  if (status === 0) return 'aborted'
  if (answeredHere) return 'answered'
  return cache === 'hit' || cache === 'shared' ? 'cached' : 'forwarded'
}
