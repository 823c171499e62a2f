import type { HeaderValue } from './headers.ts'
import type { UpstreamError } from './problem.ts'
import { readList } from './shapes.ts'

/**
 * The errors in an `x-redlock-status` header, where Prisma Cloud puts its reason when the body is empty: a JSON list of
 * `{"i18nKey", "severity", "subject"}`. A header that is missing or broken tells of none; nothing is thrown.
 */
export function redlockStatus(header: HeaderValue): readonly UpstreamError[] {
  try {
    // A header sent twice arrives joined by a comma, or as an array, which prints so: in brackets, all of it is one list.
    const lists: unknown[] = JSON.parse(`[${header ?? ''}]`)
    return readList(lists.flat())
  } catch {
    return []
  }
}
