import type { IncomingMessage } from 'node:http'
import { RequestBody } from './request-body.ts'

/** A header as it came: name and value, neither folded nor joined. */
export type HeaderPair = readonly [name: string, value: string]

/** One request as it reached the simulator. */
export interface Call {
  readonly method: string
  /** The request target, raw. */
  readonly url: string
  /** The request target up to the query, raw: the API does not normalise it either. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: readonly HeaderPair[]
  readonly body: RequestBody
}

/** Reads a request. Its body begins to flow at once. */
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

/** The value of a header that was sent once; undefined when it is absent, and when it came more than once. */
export function soleHeader(call: Call, name: string): string | undefined {
  const values = call.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
  return values.length === 1 ? values[0] : undefined
}

function headerPairs(raw: readonly string[]): HeaderPair[] {
  const names = raw.filter((_, index) => index % 2 === 0)
  return names.map((name, index) => [name, String(raw[2 * index + 1])])
}
