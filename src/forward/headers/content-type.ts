import { isNamed, type RawHeaders } from '../../http/raw-headers.ts'
import type { RequestBody } from '../request-body.ts'

/** Types that clients put on a body of which they know nothing: the form of `curl -d`, the plain text of `fetch`. */
const DEFAULT_TYPE = /^(?:application\/x-www-form-urlencoded|text\/plain)\s*(?:;|$)/i

/** The beginning of a JSON text (RFC 8259) that is an object or a list, or the whole of any other. As bytes in latin1. */
const JSON_TEXT =
  /^(?:\xef\xbb\xbf)?[ \t\r\n]*(?:[{[]|(?:"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)[ \t\r\n]*$)/

/**
 * What is to be said of the type of a body: that it is JSON, what the client says, or either, as the body itself shows.
 * Every body that the API declares is JSON.
 */
export type BodyType = 'json' | 'as-sent' | 'as-it-looks'

/** The same by the headers of a request: a type that tells nothing of the body is not believed. */
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

/** The type of a body by its first bytes, which are waited for. */
export async function lookAt(body: RequestBody): Promise<BodyType> {
  const first = await body.first()
  return JSON_TEXT.test(first.toString('latin1')) ? 'json' : 'as-sent'
}

/** The headers with JSON as the one type of the body, where the first type stood. */
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
