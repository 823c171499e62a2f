import { pairsOf, type RawHeaders } from '../http/raw-headers.ts'
import type { Secret } from '../kernel/secret.ts'
import { operationName } from '../operations/operations.ts'
import { type Exchange, tenths } from '../request/exchange.ts'
import type { KeptBodies } from './kept-bodies.ts'
import { maskedHeaders } from './masked-headers.ts'
import type { RecordedProblem, RequestDetails, RequestRecord } from './record.ts'
import { showBody } from './shown-body.ts'

/** The longest target that is shown, in characters. */
const LONGEST_TARGET = 4_096

/** How a recorded request ended. */
export interface RecordedEnd {
  /** 0 if the client left before the response was complete. */
  readonly status: number
  /** Milliseconds from the beginning to the end. */
  readonly took: number
}

/** The members of an exchange that are worth keeping when it is over. */
type Facts = Pick<
  Exchange,
  | 'requestId'
  | 'method'
  | 'rawTarget'
  | 'startedAt'
  | 'client'
  | 'tenant'
  | 'operation'
  | 'spent'
  | 'requestBytes'
  | 'bytes'
  | 'replayed'
  | 'cache'
  | 'upstreamRequestId'
  | 'head'
> & { readonly failure: RecordedProblem | undefined }

/** Returns the secrets that a tenant's requests, or those of no tenant, may contain. */
type SecretsOf = (tenant: string | null) => readonly Secret[]

/** What a {@link Recorded} is made from. */
export interface RecordedBeginning {
  /** Grows by one with each request. */
  readonly number: number
  /** In milliseconds since the epoch. */
  readonly startedAt: number
  readonly exchange: Exchange
  readonly requestHeaders: RawHeaders
  /** Keeps the bodies; null if none are kept. */
  readonly bodies: KeptBodies | null
}

/**
 * What is kept of a request: as it came, because most are never looked at. Credentials are in private fields, and masked
 * in all that it returns.
 */
export class Recorded {
  readonly number: number
  /** The number of the latest change of any record that changed this one. */
  change = 0
  readonly #startedAt: number
  readonly #requestHeaders: RawHeaders
  readonly #bodies: KeptBodies | null
  /** The exchange while the request runs. */
  #facts: Facts
  #end: RecordedEnd | null = null
  /** The secrets that the proxy knew when the request ended, and may have forgotten. */
  #secrets: readonly Secret[] = []

  constructor({ number, startedAt, exchange, requestHeaders, bodies }: RecordedBeginning) {
    this.number = number
    this.#startedAt = startedAt
    this.#requestHeaders = requestHeaders
    this.#bodies = bodies
    this.#facts = exchange
  }

  /** Completes it. `secrets` returns those that the bodies, if they are kept, must not show. */
  end(exchange: Exchange, end: RecordedEnd, secrets: SecretsOf): void {
    this.#facts = lastingFacts(exchange)
    this.#end = end
    this.#bodies?.ended(end.status === 0 || end.status >= 400 || exchange.failure !== undefined)
    if (this.#bodies?.request || this.#bodies?.response) this.#secrets = secrets(exchange.tenant)
  }

  /** Frees the bodies, also those that are still to come. */
  dropBodies(): void {
    this.#bodies?.drop()
  }

  /** Returns what is shown of the request in lists. */
  record(): RequestRecord {
    const { requestId, method, rawTarget, operation, spent, failure, head } = this.#facts
    const { client, tenant, requestBytes, bytes, replayed, cache, upstreamRequestId } = this.#facts
    return {
      number: this.number,
      change: this.change,
      id: requestId,
      startedAt: this.#startedAt,
      method,
      target: rawTarget.slice(0, LONGEST_TARGET),
      client,
      tenant,
      operation: operationName(operation),
      status: this.#end?.status ?? null,
      times: {
        session: tenths(spent.session),
        queue: tenths(spent.queue),
        upstream: tenths(spent.upstream),
        firstByte: head && tenths(head.at - this.#facts.startedAt),
        total: this.#end && tenths(this.#end.took),
      },
      requestBytes,
      bytes,
      replayed,
      cache,
      problem: failure ? { type: failure.type, title: failure.title, detail: failure.detail } : null,
      upstreamRequestId,
      requestHeaders: pairsOf(maskedHeaders(this.#requestHeaders)),
      responseHeaders: pairsOf(maskedHeaders(this.#responseHeaders)),
    }
  }

  /** Returns all that is shown of the request. `secretsOf` returns the secrets that the proxy knows now. */
  async details(secretsOf: SecretsOf): Promise<RequestDetails> {
    const secrets = [...new Set([...this.#secrets, ...secretsOf(this.#facts.tenant)])]
    const { request = null, response = null } = this.#bodies ?? {}
    return {
      ...this.record(),
      requestBody: request && (await showBody(request, { headers: this.#requestHeaders, secrets })),
      responseBody: response && (await showBody(response, { headers: this.#responseHeaders, secrets })),
    }
  }

  get #responseHeaders(): RawHeaders {
    return this.#facts.head?.headers ?? []
  }
}

/** What is kept of an exchange that is over: nothing that holds its connection, or the body of an error. */
function lastingFacts(exchange: Exchange): Facts {
  const { failure } = exchange
  return {
    // each member by name: spreading costs microseconds
    requestId: exchange.requestId,
    method: exchange.method,
    rawTarget: exchange.rawTarget,
    startedAt: exchange.startedAt,
    client: exchange.client,
    tenant: exchange.tenant,
    operation: exchange.operation,
    spent: exchange.spent,
    requestBytes: exchange.requestBytes,
    bytes: exchange.bytes,
    replayed: exchange.replayed,
    cache: exchange.cache,
    upstreamRequestId: exchange.upstreamRequestId,
    head: exchange.head,
    failure: failure && { type: failure.type, title: failure.title, detail: failure.detail },
  }
}
