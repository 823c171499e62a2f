import { STATUS_CODES } from 'node:http'

/** An answer before it goes over the wire: `chunks` hold `length` bytes in all. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly length: number
  readonly chunks: Iterable<Buffer>
}

/** An answer whose body is at hand. */
export function answer(status: number, headers: Answer['headers'], body: string | Buffer): Answer {
  const bytes = Buffer.from(body)
  return { status, headers, length: bytes.length, chunks: [bytes] }
}

/** The same answer with more headers. */
export function withHeaders(given: Answer, headers: Answer['headers']): Answer {
  return { ...given, headers: { ...given.headers, ...headers } }
}

/** The same answer with the first half of its body alone, and a `length` to match. */
export function firstHalf(given: Answer): Answer {
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
export function json(value: unknown, status = 200): Answer {
  return answer(status, { 'content-type': 'application/json' }, JSON.stringify(value))
}

/** The vendor's own refusal: the reason in `x-redlock-status`, the body empty. */
export function refusal(status: number, i18nKey: string, subject: string | null = null): Answer {
  return answer(status, { 'x-redlock-status': JSON.stringify([{ i18nKey, severity: 'error', subject }]) }, '')
}

/** The refusal of a field that is missing or wrong. */
export function invalidParameter(subject: string): Answer {
  return refusal(400, 'invalid_parameter_value', subject)
}

/** What Spring answers by itself, before any code of the vendor's runs. `now` is milliseconds since the epoch. */
export function springError(status: number, path: string, now: number, message = ''): Answer {
  return json({ timestamp: new Date(now).toISOString(), status, error: STATUS_CODES[status], message, path }, status)
}

/** The page that a gateway in front of the API answers with. */
export function gatewayPage(status: number, headers: Answer['headers'] = {}): Answer {
  const title = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center></body>\r\n</html>\r\n`
  return answer(status, { 'content-type': 'text/html', ...headers }, page)
}
