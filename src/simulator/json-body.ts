// Reads the JSON body of a call as strictly as the API does.

import { type Call, soleHeader } from './call.ts'
import { isObject, type JsonObject, parseJson } from './json-value.ts'
import { type ApiResponse, invalidParameter, springError } from './responses.ts'

/** Reads the JSON object that a call must carry. `refused` is the API's response to any other body. */
export function readFields(
  call: Call,
  required: readonly string[],
  now: number,
): { readonly fields: JsonObject } | { readonly refused: ApiResponse } {
  const type = soleHeader(call, 'content-type') ?? ''
  const refuse = (status: number, message?: string) => ({ refused: springError(status, call.path, now, message) })
  if (!/^application\/json\s*(;|$)/i.test(type)) return refuse(415, `Content type '${type}' not supported`)
  const { text } = call.body
  if (text === undefined) return refuse(413)
  const fields = parseJson(text)
  if (!isObject(fields)) return refuse(400, 'JSON parse error')
  const missing = required.find(name => fields[name] === undefined || fields[name] === null)
  return missing === undefined ? { fields } : { refused: invalidParameter(missing) }
}
