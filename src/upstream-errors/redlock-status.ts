import { headerText } from '../http/header-text.ts'
import type { HeaderValue } from '../http/headers.ts'
import { jsonEscape } from '../kernel/printable.ts'
import type { Problem, UpstreamError } from '../problem/problem.ts'
import { readList } from './entry.ts'

/** The maximum length of the subject, in characters. */
const MAX_SUBJECT = 1000

/**
 * Formats a problem of the proxy as an `x-redlock-status` header, the way the API reports errors: clients such as the
 * Go SDK and Terraform show nothing else. The value is pure ASCII, as header values must be.
 */
export function asRedlockStatus({ type, detail }: Problem): string {
  const error = { i18nKey: type.replaceAll('-', '_'), severity: 'error', subject: detail.slice(0, MAX_SUBJECT) }
  return JSON.stringify([error]).replace(/[^ -~]/g, jsonEscape)
}

/**
 * Reads the errors from an `x-redlock-status` header, where Prisma Cloud puts the reason when the body is empty: a JSON
 * list of `{"i18nKey", "severity", "subject"}`. Empty if the header is missing or malformed; never throws.
 */
export function redlockStatus(header: HeaderValue): readonly UpstreamError[] {
  try {
    // A repeated header arrives joined by commas, or as an array. In brackets, either form is one JSON list.
    const lists: unknown[] = JSON.parse(`[${[header ?? ''].flat().map(headerText).join()}]`)
    return readList(lists.flat())
  } catch {
    return []
  }
}
