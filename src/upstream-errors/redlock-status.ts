import { headerText } from '../http/header-text.ts'
import type { HeaderValue } from '../http/headers.ts'
import { jsonEscape } from '../kernel/printable.ts'
import type { Problem, UpstreamError } from '../problem/problem.ts'
import { readList } from './entry.ts'

/** The longest subject that is told, in characters. */
const MAX_SUBJECT = 1000

/**
 * A problem of this proxy's own as an `x-redlock-status` header tells errors of the API: clients such as the Go SDK and
 * Terraform show nothing else. All of it is ASCII, as a header has to be.
 */
export function asRedlockStatus({ type, detail }: Problem): string {
  const error = { i18nKey: type.replaceAll('-', '_'), severity: 'error', subject: detail.slice(0, MAX_SUBJECT) }
  return JSON.stringify([error]).replace(/[^ -~]/g, jsonEscape)
}

/**
 * The errors in an `x-redlock-status` header, where Prisma Cloud puts its reason when the body is empty: a JSON list of
 * `{"i18nKey", "severity", "subject"}`. A header that is missing or broken tells of none; nothing is thrown.
 */
export function redlockStatus(header: HeaderValue): readonly UpstreamError[] {
  try {
    // A header sent twice arrives joined by a comma, or as an array: in brackets, all of it is one list.
    const lists: unknown[] = JSON.parse(`[${[header ?? ''].flat().map(headerText).join()}]`)
    return readList(lists.flat())
  } catch {
    return []
  }
}
