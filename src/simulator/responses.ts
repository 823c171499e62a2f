// Builds the responses of the simulated API: JSON, API errors, Spring errors and gateway pages.

import { STATUS_CODES } from 'node:http'

/** A response before it is written: `chunks` hold `length` bytes in total. */
export interface ApiResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly length: number
  readonly chunks: Iterable<Buffer>
}

/** A response whose whole body is in memory. */
export function apiResponse(status: number, headers: ApiResponse['headers'], body: string | Buffer): ApiResponse {
  const bytes = Buffer.from(body)
  return { status, headers, length: bytes.length, chunks: [bytes] }
}

/** A copy of a response with more headers. */
export function withHeaders(given: ApiResponse, headers: ApiResponse['headers']): ApiResponse {
  return { ...given, headers: { ...given.headers, ...headers } }
}

/** A copy of a response that has only the first half of its body, with `length` adjusted. */
export function firstHalf(given: ApiResponse): ApiResponse {
  const length = Math.floor(given.length / 2)
  return { ...given, length, chunks: firstBytes(given.chunks, length) }
}

function* firstBytes(chunks: Iterable<Buffer>, count: number): Generator<Buffer> {
  let left = count
  for (const chunk of chunks) {
    if (left <= 0) return
    yield chunk.subarray(0, left)
    left -= chunk.length
  }
}

/** A response with a JSON body; 200 unless `status` says otherwise. */
export function json(value: unknown, status = 200): ApiResponse {
  return apiResponse(status, { 'content-type': 'application/json' }, JSON.stringify(value))
}

/** An error as Prisma Cloud itself reports it: the reason in `x-redlock-status`, an empty body. */
export function apiError(status: number, i18nKey: string, subject: string | null = null): ApiResponse {
  return apiResponse(status, { 'x-redlock-status': JSON.stringify([{ i18nKey, severity: 'error', subject }]) }, '')
}

/** The API error for a missing or invalid field, 400 `invalid_parameter_value`. */
export function invalidParameter(subject: string): ApiResponse {
  return apiError(400, 'invalid_parameter_value', subject)
}

/** The error that Spring returns before any code of Prisma Cloud runs. `now` is in milliseconds since the epoch. */
export function springError(status: number, path: string, now: number, message = ''): ApiResponse {
  return json({ timestamp: new Date(now).toISOString(), status, error: STATUS_CODES[status], message, path }, status)
}

/** The HTML error page that a gateway in front of the API returns. */
export function gatewayPage(status: number, headers: ApiResponse['headers'] = {}): ApiResponse {
  const title = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center></body>\r\n</html>\r\n`
  return apiResponse(status, { 'content-type': 'text/html', ...headers }, page)
}
