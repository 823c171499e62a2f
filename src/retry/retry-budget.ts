import { LRUCache } from 'lru-cache'

/** What each request adds: one retry for ten requests. */
const SHARE = 0.1

/** Retries that are allowed at any time, however few requests there were, and at most saved up. */
const MOST = 10

/** No more tenants than this are remembered; one that is forgotten may retry {@link MOST} times again. */
const MAX_TENANTS = 1_000

/**
 * Bounds the retries for each tenant to a tenth of its requests, and some more to begin with: an API that fails for everyone
 * gets at most 10 % more requests, instead of twice as many.
 */
export class RetryBudget {
  readonly #left = new LRUCache<string, number>({ max: MAX_TENANTS })

  /** A request is sent for the first time. */
  earn(tenant: string): void {
    const left = this.#left.get(tenant)
    // a full budget is the usual case, and costs nothing
    if (left !== undefined) this.#left.set(tenant, Math.min(MOST, left + SHARE))
  }

  /** Takes one retry, if there is one left. */
  take(tenant: string): boolean {
    const left = this.#left.get(tenant) ?? MOST
    if (left < 1) return false
    this.#left.set(tenant, left - 1)
    return true
  }
}
