// Records and counts the requests to the simulated API.

import type { Call, HeaderPair } from './call.ts'
import type { Digest } from './request-body.ts'

const KEPT_REQUESTS = 1000

/** The record of one request to the API. */
export interface RecordedRequest {
  readonly method: string
  /** The request target, raw. */
  readonly url: string
  /** The headers as received; they may contain a token, so they never leave the process. */
  readonly headers: readonly HeaderPair[]
  /** The status of the response; null until there is one, and forever if a fault prevents a response. */
  readonly status: number | null
  /** The digest of the body; null until the body has ended. */
  readonly body: Digest | null
}

/** Counters since the simulator started. */
export interface Counts {
  requests: number
  /** Calls to `POST /login`, successful or not. */
  logins: number
  /** Calls to `GET /auth_token/extend`, successful or not. */
  extensions: number
  /** Responses with status 401. */
  unauthorized: number
  /** Responses with status 429. */
  throttled: number
  /** Requests that triggered a fault. */
  faults: number
}

/** Keeps the last 1,000 requests and counts all of them. */
export class RequestLog {
  readonly counts: Counts = { requests: 0, logins: 0, extensions: 0, unauthorized: 0, throttled: 0, faults: 0 }
  readonly #requests: RecordedRequest[] = []

  get requests(): readonly RecordedRequest[] {
    return this.#requests
  }

  /** Records a request. Call the returned function with the status of its response. */
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
