import type { AuthApi, IssuedToken } from '../auth/auth-api.ts'
import { AuthFailure, asFailure } from '../auth/auth-failure.ts'
import type { CredentialSource, Credentials } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Mutex } from '../kernel/mutex.ts'
import type { Secret } from '../kernel/secret.ts'
import { isSameKey, readKey } from './key.ts'
import type { Lease } from './lease.ts'
import type { AuthCall, SessionEvents } from './report.ts'

/** What a {@link Renewal} needs. */
export interface RenewalOptions {
  readonly auth: Pick<AuthApi, 'login' | 'extend'>
  readonly credentials: CredentialSource
  /** The access key, if it has already been read from `credentials`. */
  readonly key?: Credentials
  readonly clock: Clock
  /** Shared by the sessions of a tenant, so that their auth calls do not overlap. */
  readonly mutex: Mutex
  readonly events?: SessionEvents
}

/** Obtains tokens: reads the access key, makes the auth calls in order, and reports each of them. */
export class Renewal {
  readonly #options: RenewalOptions
  readonly #signal: AbortSignal
  #key: Credentials | undefined
  #isKeyGood = true

  /** When `signal` aborts, the current call ends and no other follows. */
  constructor(options: RenewalOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    this.#key = options.key
  }

  /** Whether the logins use this key. True for any key while none has been read. */
  uses(key: Credentials): boolean {
    return this.#key === undefined || isSameKey(this.#key, key)
  }

  /** The access key id of the logins. Undefined until it has been read. */
  get accessKeyId(): Secret | undefined {
    return this.#key?.accessKeyId
  }

  /** The secret key of the logins. Undefined until it has been read. */
  get secretKey(): Secret | undefined {
    return this.#key?.secretKey
  }

  /**
   * Extends a token, or logs in if there is none or the auth service refuses to extend it. Calls `refused` between the
   * refusal and the login.
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

  /** Logs in. A key that was accepted stays in use even if its source changes: a new key gets a session of its own. */
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
