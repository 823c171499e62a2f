/** Which requests a fault strikes. */
interface FaultScope {
  /** The beginning of their path. Default: every path; for `refuse-login` and `no-token`, `/login`. */
  readonly path?: string
  /** How many of them. Default 1; Infinity for all (over HTTP: `"always"`). */
  readonly times?: number
}

/**
 * Something that goes wrong on demand:
 *
 * - `refuse-login`: 401 `invalid_credentials`; `no-token`: 200 without a token, as a login that succeeded by half
 * - `expire`, `revoke`: every token issued so far, just before the request is judged
 * - `status`: that status, as a gateway answers it (an HTML page; 429 and 503 with their headers) before the request's
 *   body has arrived; `headers` and `body` replace the page
 * - `cut-json`: the first half of the answer's body, as if it were all; `cut`: the connection ends in the middle of it
 * - `reset`: the connection ends before any answer; `hang`: no answer, ever
 * - `slow`: the answer waits for `delay` milliseconds
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

/** The kinds that have nothing to settle but their scope. */
export const PLAIN_KINDS = ['refuse-login', 'no-token', 'expire', 'revoke', 'cut-json', 'cut', 'reset', 'hang'] as const

/** A fault that waits for requests. */
export interface PendingFault {
  readonly fault: Fault
  readonly path: string
  left: number
}

/** The faults that wait, in the order in which they were asked for. A request meets at most one. */
export class FaultQueue {
  #pending: PendingFault[] = []

  /** What waits now. */
  get pending(): readonly PendingFault[] {
    return this.#pending
  }

  add(fault: Fault): void {
    this.#pending.push({ fault, path: fault.path ?? defaultPath(fault), left: fault.times ?? 1 })
  }

  /** Uses up the first fault that strikes this path, if there is one. */
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
