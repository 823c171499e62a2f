import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { OutgoingHttpHeaders } from 'node:http2'
import type { DispatchOptions } from '../dispatcher.ts'

/** Headers that HTTP/2 expresses otherwise or forbids (RFC 9113, 8.2.2 and 8.3.1). */
const NOT_IN_HTTP2 = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Methods whose requests announce even an empty body (RFC 9110, 8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

/** The head of a request in HTTP/2. */
export interface RequestHead {
  readonly headers: OutgoingHttpHeaders
  /** How many bytes the body has, if that is known. */
  readonly length: number | undefined
}

/**
 * Translates the head of a request to HTTP/2: names in lower case, and what the request line said as pseudo headers.
 * `authority` is host and port. Values are not changed; those of one name become a list.
 *
 * @throws {TypeError} for an invalid name, for which Node.js would end the whole connection, and for an invalid value
 */
export function requestHead(authority: string, { method, path, headers, body }: DispatchOptions): RequestHead {
  const raw: readonly string[] = Array.isArray(headers) ? headers : []
  const translated: OutgoingHttpHeaders = Object.create(null)
  let length = lengthOf(body)
  Object.assign(translated, { ':method': method, ':path': path, ':scheme': 'https', ':authority': authority })
  for (let at = 0; at < raw.length; at += 2) {
    const [name, value] = [String(raw[at]).toLowerCase(), String(raw[at + 1])]
    validateHeaderName(name)
    validateHeaderValue(name, value)
    if (name === 'content-length') length ??= Number(value)
    else if (!NOT_IN_HTTP2.has(name) && (name !== 'te' || value === 'trailers')) add(translated, name, value)
  }
  if (length || (length === 0 && WITH_BODY.has(method))) translated['content-length'] = String(length)
  return { headers: translated, length }
}

/** The headers with the values of each name joined (RFC 9110, 5.3), because Node.js sends some names only once. */
export function withJoinedValues(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const joined = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value])
  return Object.fromEntries(joined)
}

function add(headers: OutgoingHttpHeaders, name: string, value: string): void {
  const before = headers[name]
  if (before === undefined) headers[name] = value
  else if (Array.isArray(before)) before.push(value)
  else headers[name] = [String(before), value]
}

/** The length of a body that is known as a whole; `undefined` for a stream. */
function lengthOf(body: DispatchOptions['body']): number | undefined {
  if (body === null || body === undefined) return 0
  return typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.byteLength(body) : undefined
}
