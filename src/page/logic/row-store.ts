import type { RequestRecord } from '../../inspect/record.ts'
import type { Row } from '../state.ts'

/** How many requests the page keeps. */
const MOST_ROWS = 10_000

/** Keeps the requests that the page knows: the latest ten thousand. */
export class RowStore {
  // a Map keeps the place of a request when its record is replaced
  readonly #rows = new Map<string, Row>()

  /** Adds a request of a run of the proxy, or replaces what was known of it. */
  put(run: string, record: Omit<RequestRecord, 'change'>): void {
    const key = `${run}/${record.number}`
    this.#rows.set(key, { ...record, key })
    if (this.#rows.size > MOST_ROWS) for (const oldest of this.#rows.keys()) return void this.#rows.delete(oldest)
  }

  newestFirst(): Row[] {
    return [...this.#rows.values()].reverse()
  }

  clear(): void {
    this.#rows.clear()
  }
}
