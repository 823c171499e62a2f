import type { AuthApi, IssuedToken } from '../auth/auth-api.ts'
import { AuthFailure, asFailure } from '../auth/auth-failure.ts'
import type { CredentialSource, Credentials } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Mutex } from '../kernel/mutex.ts'
import type { Secret } from '../kernel/secret.ts'
import { isSameKey, readKey } from './key.ts'
import type { Lease } from './lease.ts'
import type { AuthCall, SessionEvents } from './report.ts'

export interface RenewalOptions {
  readonly auth: Pick<AuthApi, 'login' | 'extend'>
  readonly credentials: CredentialSource
  /** What `credentials` gave, where that has been read already. */
  readonly key?: Credentials
  readonly clock: Clock
  /** Shared by those whose calls must not run at the same time. */
  readonly mutex: Mutex
  readonly events?: SessionEvents
}

/** The way to a new token: the access key and the auth calls in their order, told of. */
export class Renewal {
  readonly #options: RenewalOptions
  readonly #signal: AbortSignal
  #key: Credentials | undefined
  #isKeyGood = true

  /** `signal` aborts the call under way, and no other follows. */
  constructor(options: RenewalOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    this.#key = options.key
  }

  /** Whether this is the key of the logins. One that could not be read yet is none in particular. */
  uses(key: Credentials): boolean {
    return this.#key === undefined || isSameKey(this.#key, key)
  }

  /** The secret key of the logins, once it was read. */
  get secretKey(): Secret | undefined {
    return this.#key?.secretKey
  }

  /**
   * Extends a token, and logs in where there is none or it cannot be extended; `refused` is told of that before.
   */
  async obtain(token: Lease | undefined, refused: () => void): Promise<IssuedToken> {
    const { auth } = this.#options
    try {
      if (token) return await this.#call('extend', () => auth.extend(token.token, this.#signal))
    } catch (error) {
      if (!(error instanceof AuthFailure && error.nature === 'refused')) throw error
      refused()
    }
    this.#signal.throwIfAborted()
    return this.#login()
  }

  /** A key that was good stays in use, whatever its source says now: another key is another session's to try. */
  async #login(): Promise<IssuedToken> {
    const key = await this.#currentKey()
    this.#key = key
    try {
      return await this.#call('login', () => this.#options.auth.login(key, this.#signal))
    } catch (error) {
      this.#isKeyGood = !(error instanceof AuthFailure && error.nature === 'rejected')
      throw error
    }
  }

  async #currentKey(): Promise<Credentials> {
    const { credentials, clock } = this.#options
    const isKept = this.#isKeyGood && credentials.kind !== 'changing'
    return (isKept && this.#key) || readKey(credentials, clock, this.#signal)
  }

  async #call(call: AuthCall, work: () => Promise<IssuedToken>): Promise<IssuedToken> {
    const { events, mutex } = this.#options
    try {
      const issued = await mutex.pass(work)
      events?.called?.(call, 'ok')
      return issued
    } catch (error) {
      events?.called?.(call, asFailure(error).nature)
      throw error
    }
  }
}
