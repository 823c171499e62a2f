// What can go wrong on demand, and the queue of faults.

/** The requests that a fault applies to. */
interface FaultScope {
  /** A path prefix. Default: `/`, which is every path; `/login` for `refuse-login` and `no-token`. */
  readonly path?: string
  /** The number of requests. Default: 1; Infinity for all (over HTTP: `"always"`). */
  readonly times?: number
}

/**
 * A failure that the simulator produces on demand:
 *
 * - `refuse-login`: 401 `invalid_credentials`; `no-token`: 200 without a token, a login that only half succeeded
 * - `expire`, `revoke`: expires or revokes every token issued so far, just before the request's own token is verified
 * - `status`: that status, as a gateway returns it before the request body has arrived (an HTML page; 429 and 503 with
 *   their headers); `headers` are added and `body` replaces the page
 * - `cut-json`: a complete response with only the first half of the body; `cut`: the connection closes in mid-body
 * - `reset`: the connection closes before any response; `hang`: no response, ever
 * - `slow`: the response is delayed by `delay` milliseconds
 * - `limiter-down`: the gateway cannot reach the store of its rate limits, so it allows the request without counting it,
 *   with `X-RateLimit-Remaining: -1`
 */
export type Fault = FaultScope &
  (
    | { readonly kind: (typeof PLAIN_KINDS)[number] }
    | { readonly kind: 'slow'; readonly delay: number }
    | {
        readonly kind: 'status'
        readonly status: number
        readonly headers?: Readonly<Record<string, string>>
        readonly body?: string
      }
  )

/** The kinds without parameters of their own. */
export const PLAIN_KINDS = [
  'refuse-login',
  'no-token',
  'expire',
  'revoke',
  'cut-json',
  'cut',
  'reset',
  'hang',
  'limiter-down',
] as const

/** A queued fault and the number of requests it still applies to. */
export interface PendingFault {
  readonly fault: Fault
  readonly path: string
  left: number
}

/** The queued faults, oldest first. A request triggers at most one. */
export class FaultQueue {
  #pending: PendingFault[] = []

  /** The faults that are queued now, oldest first. */
  get pending(): readonly PendingFault[] {
    return this.#pending
  }

  add(fault: Fault): void {
    this.#pending.push({ fault, path: fault.path ?? defaultPath(fault), left: fault.times ?? 1 })
  }

  /** Takes the first fault that applies to a path; undefined if there is none. */
  take(path: string): Fault | undefined {
    const found = this.#pending.find(each => path.startsWith(each.path))
    if (!found) return undefined
    found.left--
    this.#pending = this.#pending.filter(each => each.left > 0)
    return found.fault
  }

  clear(): void {
    this.#pending = []
  }
}

function defaultPath({ kind }: Fault): string {
  return kind === 'refuse-login' || kind === 'no-token' ? '/login' : '/'
}
