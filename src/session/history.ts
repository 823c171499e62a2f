import type { Instant } from '../kernel/instant.ts'
import { Problem } from '../problem/problem.ts'

/** What a session remembers of its calls, for people. */
export class History {
  #lastRefresh: number | undefined
  #lastError: { readonly at: number; readonly reason: string } | undefined

  /** A call gave a token. */
  refreshed({ wall }: Instant): void {
    this.#lastRefresh = wall
  }

  /** Something went wrong; the reason holds no secret. */
  failed(reason: string, { wall }: Instant): void {
    this.#lastError = { at: wall, reason }
  }

  /** Why there is no session where a person must act. */
  rejection(): Problem {
    return new Problem('credentials-rejected', this.#reason())
  }

  /** Why there is none now; the next call is in so many milliseconds. */
  unavailable(wait: number): Problem {
    const retryAfter = Math.max(1, Math.ceil(wait / 1000))
    return new Problem('session-unavailable', `There is no live session: ${this.#reason()}`, { retryAfter })
  }

  /** As `/_proxy/status` shows it: times in ISO 8601. */
  status(): { readonly lastRefresh: string | null; readonly lastError: { at: string; reason: string } | null } {
    return {
      lastRefresh: this.#lastRefresh === undefined ? null : new Date(this.#lastRefresh).toISOString(),
      lastError: this.#lastError
        ? { at: new Date(this.#lastError.at).toISOString(), reason: this.#lastError.reason }
        : null,
    }
  }

  #reason(): string {
    return this.#lastError?.reason ?? 'the login has not been answered yet'
  }
}
