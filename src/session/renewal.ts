import type { CredentialSource } from '../config/config.ts'
import type { AuthApi, IssuedToken } from './auth.ts'
import { AuthFailure, asFailure } from './failure.ts'
import type { Lease } from './lease.ts'
import type { AuthCall, SessionEvents } from './report.ts'

export interface RenewalOptions {
  readonly auth: Pick<AuthApi, 'login' | 'extend'>
  readonly credentials: CredentialSource
  readonly events?: SessionEvents
}

/** The way to a new token: the auth calls in their order, counted and told of. */
export class Renewal {
  readonly #options: RenewalOptions
  readonly #signal: AbortSignal
  readonly #counts = { login: 0, extend: 0 }

  /** `signal` aborts the call under way, and no other follows. */
  constructor(options: RenewalOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  /** How many calls were made, those that failed too. */
  get counts(): Readonly<Record<AuthCall, number>> {
    return this.#counts
  }

  /** Extends a live token, and logs in where there is none or it cannot be extended. */
  async obtain(live: Lease | undefined): Promise<IssuedToken> {
    const { auth, credentials } = this.#options
    try {
      if (live) return await this.#call('extend', () => auth.extend(live.token, this.#signal))
    } catch (error) {
      if (!(error instanceof AuthFailure && error.nature === 'refused')) throw error
    }
    this.#signal.throwIfAborted()
    const key = await credentials.read()
    return this.#call('login', () => auth.login(key, this.#signal))
  }

  async #call(call: AuthCall, work: () => Promise<IssuedToken>): Promise<IssuedToken> {
    this.#counts[call]++
    try {
      const issued = await work()
      this.#options.events?.called?.(call, 'ok')
      return issued
    } catch (error) {
      this.#options.events?.called?.(call, asFailure(error).nature)
      throw error
    }
  }
}
