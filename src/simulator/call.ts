// Reads an incoming request into the form that routes and the request log work with.

import type { IncomingMessage } from 'node:http'
import { RequestBody } from './request-body.ts'

/** A header as received: name and value, with the case of the name kept and repeated headers not joined. */
export type HeaderPair = readonly [name: string, value: string]

/** One request as the simulator received it. */
export interface Call {
  readonly method: string
  /** The request target, raw. */
  readonly url: string
  /** The request target up to the query, raw, because the API does not normalize it either. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: readonly HeaderPair[]
  readonly body: RequestBody
}

/** Reads a request and starts to consume its body. */
export function readCall(request: IncomingMessage): Call {
  const { method = '', url = '' } = request
  const [path = ''] = url.split('?', 1)
  const headers = headerPairs(request.rawHeaders)
  return {
    method,
    url,
    path,
    query: new URLSearchParams(url.slice(path.length)),
    headers,
    body: new RequestBody(request),
  }
}

/** The value of a header that was sent exactly once; undefined when it is absent or repeated. */
export function soleHeader(call: Call, name: string): string | undefined {
  const values = call.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
  return values.length === 1 ? values[0] : undefined
}

function headerPairs(raw: readonly string[]): HeaderPair[] {
  const names = raw.filter((_, index) => index % 2 === 0)
  return names.map((name, index) => [name, String(raw[2 * index + 1])])
}
