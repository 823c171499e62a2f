import type { UpstreamError } from '../problem/problem.ts'
import { oneLine } from '../problem/text.ts'

/** The maximum number of errors read from one response. */
export const MAX_ERRORS = 20

/** The maximum length of a text taken from an upstream error, in characters. */
const MAX_TEXT = 1000

/** A JSON object with any members. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a JSON value is an object, not an array or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads a list of errors, which may be objects or strings; empty if the value is not a list. */
export function readList(value: unknown): readonly UpstreamError[] {
  return Array.isArray(value) ? value.slice(0, MAX_ERRORS).flatMap(entry => readEntry(entry)) : []
}

/** Reads one error, which may be an object or a string; empty if the value says nothing. */
export function readEntry(value: unknown): readonly UpstreamError[] {
  return isObject(value) ? readMembers(value) : errorOf({ message: asText(value) })
}

/** Reads one error from the members that most services use for its code, message, severity and subject. */
export function readMembers(object: JsonObject): readonly UpstreamError[] {
  return errorOf({
    code: firstText(object, 'code', 'i18nKey', 'name'),
    message: firstText(object, 'message', 'detail'),
    severity: firstText(object, 'severity'),
    subject: firstText(object, 'subject', 'target', 'field'),
  })
}

/** A list of the one error that has these members; empty if they say nothing. */
export function errorOf(error: Partial<UpstreamError>): readonly UpstreamError[] {
  const { code = null, message = null, severity = null, subject = null } = error
  if (code === null && message === null && subject === null) return []
  return [{ code, message, severity: severity?.toLowerCase() ?? null, subject }]
}

/** The text of the first of the named members that has one; null if none has. */
export function firstText(object: JsonObject, ...names: readonly string[]): string | null {
  for (const name of names) {
    const found = asText(object[name])
    if (found !== null) return found
  }
  return null
}

// Some services send codes as numbers. Values of other types are ignored.
function asText(value: unknown): string | null {
  const found = typeof value === 'number' ? String(value) : typeof value === 'string' ? oneLine(value, MAX_TEXT) : ''
  return found === '' ? null : found
}
