import { LRUCache } from 'lru-cache'

/** What each request adds to the budget: one retry for every ten requests. */
const SHARE = 0.1

/** How many retries are allowed however few requests there were, and the most that can be saved up. */
const MOST = 10

/** The most tenants to remember. A tenant that is forgotten may retry {@link MOST} times again. */
const MAX_TENANTS = 1_000

/**
 * Limits the retries of each tenant to a tenth of its requests, plus a few to begin with. An API that fails for
 * everyone then gets at most 10 % more requests, instead of twice as many.
 */
export class RetryBudget {
  readonly #left = new LRUCache<string, number>({ max: MAX_TENANTS })

  /** Adds to the budget of a tenant. Called when a request is sent for the first time. */
  earn(tenant: string): void {
    const left = this.#left.get(tenant)
    if (left === undefined) return
    // a full budget is not stored, so that requests cost nothing while none is retried
    if (left + SHARE < MOST) this.#left.set(tenant, left + SHARE)
    else this.#left.delete(tenant)
  }

  /** Takes one retry from the budget of a tenant. Returns false if none is left. */
  take(tenant: string): boolean {
    const left = this.#left.get(tenant) ?? MOST
    if (left < 1) return false
    this.#left.set(tenant, left - 1)
    return true
  }
}
