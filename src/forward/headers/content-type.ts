import { isNamed, type RawHeaders } from '../../http/raw-headers.ts'
import type { RequestBody } from '../request-body.ts'

/** Content types that clients send by default: form data from `curl -d`, plain text from `fetch`. */
const DEFAULT_TYPE = /^(?:application\/x-www-form-urlencoded|text\/plain)\s*(?:;|$)/i

/** The start of a JSON object or array (RFC 8259), or a complete JSON text of another kind. Matches bytes as latin1. */
const JSON_TEXT =
  /^(?:\xef\xbb\xbf)?[ \t\r\n]*(?:[{[]|(?:"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)[ \t\r\n]*$)/

/**
 * How to label a body: as JSON, as the client labelled it, or depending on its first bytes (`as-it-looks`). Every
 * request body in the API documentation is JSON.
 */
export type BodyType = 'json' | 'as-sent' | 'as-it-looks'

/** Decides from the headers of a request how to label its body. A type that clients send by default is not trusted. */
export function bodyTypeOf(headers: RawHeaders): BodyType {
  let type: BodyType = 'json'
  for (let at = 0; at < headers.length; at += 2) {
    if (!isNamed(headers[at], 'content-type')) continue
    const value = String(headers[at + 1]).trim()
    if (value === '') continue
    if (!DEFAULT_TYPE.test(value)) return 'as-sent'
    type = 'as-it-looks'
  }
  return type
}

/** Decides from the first bytes of a body, once they have arrived, how to label it. */
export async function lookAt(body: RequestBody): Promise<BodyType> {
  const first = await body.first()
  return JSON_TEXT.test(first.toString('latin1')) ? 'json' : 'as-sent'
}

/** Returns the headers with JSON as the only content type, in the position of the first one. */
export function withJsonType(headers: RawHeaders): string[] {
  const changed: string[] = []
  let isTyped = false
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [String(headers[at]), String(headers[at + 1])]
    if (!isNamed(name, 'content-type')) changed.push(name, value)
    else if (!isTyped) {
      changed.push(name, 'application/json')
      isTyped = true
    }
  }
  if (!isTyped) changed.push('content-type', 'application/json')
  return changed
}
