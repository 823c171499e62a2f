import type { Instant } from '../kernel/instant.ts'
import { Problem } from '../problem/problem.ts'

/** The last results of a session's auth calls, for the status page and for problem details. */
export class History {
  #lastRefresh: number | undefined
  #lastError: { readonly at: number; readonly reason: string } | undefined

  /** Notes that a call returned a token. */
  refreshed({ wall }: Instant): void {
    this.#lastRefresh = wall
  }

  /** Notes a failure. `reason` must not contain a secret. */
  failed(reason: string, { wall }: Instant): void {
    this.#lastError = { at: wall, reason }
  }

  /** The problem of a request while the access key is rejected and only a person can help. */
  rejection(): Problem {
    return new Problem('credentials-rejected', this.#reason())
  }

  /** The problem of a request while there is no token. `wait` is the milliseconds until the next call. */
  unavailable(wait: number): Problem {
    const retryAfter = Math.max(1, Math.ceil(wait / 1000))
    return new Problem('session-unavailable', `No live session: ${this.#reason()}`, { retryAfter })
  }

  /** The members for `/_proxy/status`, with times in ISO 8601. */
  status(): { readonly lastRefresh: string | null; readonly lastError: { at: string; reason: string } | null } {
    return {
      lastRefresh: this.#lastRefresh === undefined ? null : new Date(this.#lastRefresh).toISOString(),
      lastError: this.#lastError
        ? { at: new Date(this.#lastError.at).toISOString(), reason: this.#lastError.reason }
        : null,
    }
  }

  #reason(): string {
    return this.#lastError?.reason ?? 'the login is still in progress'
  }
}

/** The problem of a request whose session was closed while it waited for a token. */
export function sessionClosed(): Problem {
  return new Problem('draining', 'The session was closed because the proxy is shutting down or its tenant changed')
}
