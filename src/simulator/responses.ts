import { STATUS_CODES } from 'node:http'

/** An answer before it goes over the wire: `chunks` hold `length` bytes in all. */
export interface ApiResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly length: number
  readonly chunks: Iterable<Buffer>
}

/** An answer whose body is at hand. */
export function apiResponse(status: number, headers: ApiResponse['headers'], body: string | Buffer): ApiResponse {
  const bytes = Buffer.from(body)
  return { status, headers, length: bytes.length, chunks: [bytes] }
}

/** The same answer with more headers. */
export function withHeaders(given: ApiResponse, headers: ApiResponse['headers']): ApiResponse {
  return { ...given, headers: { ...given.headers, ...headers } }
}

/** The same answer with the first half of its body alone, and a `length` to match. */
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

/** A JSON answer. */
export function json(value: unknown, status = 200): ApiResponse {
  return apiResponse(status, { 'content-type': 'application/json' }, JSON.stringify(value))
}

/** The vendor's own refusal: the reason in `x-redlock-status`, the body empty. */
export function apiError(status: number, i18nKey: string, subject: string | null = null): ApiResponse {
  return apiResponse(status, { 'x-redlock-status': JSON.stringify([{ i18nKey, severity: 'error', subject }]) }, '')
}

/** The refusal of a field that is missing or wrong. */
export function invalidParameter(subject: string): ApiResponse {
  return apiError(400, 'invalid_parameter_value', subject)
}

/** What Spring answers by itself, before any code of the vendor's runs. `now` is milliseconds since the epoch. */
export function springError(status: number, path: string, now: number, message = ''): ApiResponse {
  return json({ timestamp: new Date(now).toISOString(), status, error: STATUS_CODES[status], message, path }, status)
}

/** The page that a gateway in front of the API answers with. */
export function gatewayPage(status: number, headers: ApiResponse['headers'] = {}): ApiResponse {
  const title = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center></body>\r\n</html>\r\n`
  return apiResponse(status, { 'content-type': 'text/html', ...headers }, page)
}
