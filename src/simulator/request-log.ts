import type { Call, HeaderPair } from './call.ts'
import type { Digest } from './request-body.ts'

const KEPT_REQUESTS = 1000

/** What is remembered of a request to the API. */
export interface RecordedRequest {
  readonly method: string
  /** The request target, raw. */
  readonly url: string
  /** The headers as they came; they may hold a token, so they never leave the process. */
  readonly headers: readonly HeaderPair[]
  /** Null as long as there was no answer, and for good when a fault left none. */
  readonly status: number | null
  /** Null until the body has ended. */
  readonly body: Digest | null
}

/** How often things happened since the start. */
export interface Counts {
  requests: number
  /** Calls of `POST /login`, whatever their outcome. */
  logins: number
  /** Calls of `GET /auth_token/extend`, whatever their outcome. */
  extensions: number
  /** Answers of 401. */
  unauthorized: number
  /** Answers of 429. */
  throttled: number
  /** Requests that met a fault. */
  faults: number
}

/** Remembers the last 1,000 requests, and counts all of them. */
export class RequestLog {
  readonly counts: Counts = { requests: 0, logins: 0, extensions: 0, unauthorized: 0, throttled: 0, faults: 0 }
  readonly #requests: RecordedRequest[] = []

  get requests(): readonly RecordedRequest[] {
    return this.#requests
  }

  /** Records a request; the function returned records the status of its answer. */
  open(call: Call): (status: number) => void {
    const entry: { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] } = {
      method: call.method,
      url: call.url,
      headers: call.headers,
      status: null,
      body: null,
    }
    this.#requests.push(entry)
    if (this.#requests.length > KEPT_REQUESTS) this.#requests.shift()
    this.#countCall(call)
    void call.body.complete.then(() => {
      entry.body = call.body.digest
    })
    return status => {
      entry.status = status
      this.#countStatus(status)
    }
  }

  #countCall({ method, path }: Call): void {
    this.counts.requests++
    if (method === 'POST' && path === '/login') this.counts.logins++
    if (method === 'GET' && path === '/auth_token/extend') this.counts.extensions++
  }

  #countStatus(status: number): void {
    if (status === 401) this.counts.unauthorized++
    if (status === 429) this.counts.throttled++
  }
}
