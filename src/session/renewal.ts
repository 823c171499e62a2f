import type { AuthApi, IssuedToken } from '../auth/auth-api.ts'
import { AuthFailure, asFailure } from '../auth/auth-failure.ts'
import type { CredentialSource, Credentials } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import { type Instant, instantOf } from '../kernel/instant.ts'
import type { Mutex } from '../kernel/mutex.ts'
import type { Secret } from '../kernel/secret.ts'
import type { ObtainedToken } from './held-token.ts'
import { isSameKey, readKey } from './key.ts'
import type { Lease } from './lease.ts'
import type { AuthCall, SessionEvents } from './report.ts'
import { timeLeft } from './schedule.ts'
import { Patience } from './shared/patience.ts'
import type { MakeSharedAuth, SharedAuth } from './shared/shared-auth.ts'

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
  /** Makes what shares the auth calls of an access key with a fleet. Without it, nothing is shared. */
  readonly share?: MakeSharedAuth
}

/** The access key whose auth calls are shared with a fleet. */
interface Shared {
  readonly key: Credentials
  readonly auth: SharedAuth
}

/** Obtains tokens: reads the access key, makes the auth calls in order, and reports each of them. */
export class Renewal {
  readonly #options: RenewalOptions
  readonly #outdated: () => void
  readonly #signal: AbortSignal
  readonly #patience: Patience
  #key: Credentials | undefined
  #isKeyGood = true
  #shared: Shared | undefined

  /**
   * Calls `outdated` when another member of the fleet has a newer token. When `signal` aborts, the current call ends and
   * no other follows.
   */
  constructor(options: RenewalOptions, outdated: () => void, signal: AbortSignal) {
    this.#options = options
    this.#outdated = outdated
    this.#signal = signal
    this.#patience = new Patience(options.clock)
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

  /** Settles as `wait` does, during which a request waits for a token. */
  hurried<T>(wait: Promise<T>): Promise<T> {
    return this.#patience.hurried(wait)
  }

  /**
   * Extends a token, or logs in if there is none or the auth service refuses to extend it. Calls `refused` between the
   * refusal and the login. In a fleet, another member may do so instead, and while no request waits and the token lives
   * for long enough, this one waits for a store that is down.
   */
  async obtain(token: Lease | undefined, refused: () => void): Promise<ObtainedToken> {
    try {
      const shared = await this.#share()
      const left = token ? timeLeft(token.end, instantOf(this.#options.clock)) : 0
      const obtain = () => this.#obtain(token, refused, shared?.key)
      const issued = shared ? await shared.auth.obtain(obtain, this.#patience.begin(left)) : await obtain()
      this.#isKeyGood = true
      return { user: this.#key?.accessKeyId, ...issued }
    } catch (error) {
      if (error instanceof AuthFailure && error.nature === 'rejected') this.#isKeyGood = false
      throw error
    }
  }

  async #obtain(token: Lease | undefined, refused: () => void, key?: Credentials): Promise<ObtainedToken> {
    const { auth, clock } = this.#options
    const requestedAt = instantOf(clock)
    try {
      if (token) return await this.#call('extend', requestedAt, () => auth.extend(token.token, this.#signal))
    } catch (error) {
      if (!(error instanceof AuthFailure && error.nature === 'refused')) throw error
      refused()
    }
    this.#signal.throwIfAborted()
    return this.#login(key ?? (await this.#currentKey()), requestedAt)
  }

  /**
   * What shares the auth calls with a fleet, if anything does. A key that is good for one login cannot be shared: no two
   * members have the same.
   */
  async #share(): Promise<Shared | undefined> {
    const { share, credentials } = this.#options
    if (!share || credentials.kind === 'changing') return undefined
    const key = await this.#currentKey()
    this.#key = key
    if (this.#shared && isSameKey(this.#shared.key, key)) return this.#shared
    this.#shared?.auth.close()
    this.#shared = { key, auth: share(key, this.#outdated, this.#signal) }
    return this.#shared
  }

  /** Logs in. A key that was accepted stays in use even if its source changes: a new key gets a session of its own. */
  #login(key: Credentials, requestedAt: Instant): Promise<ObtainedToken> {
    this.#key = key
    return this.#call('login', requestedAt, () => this.#options.auth.login(key, this.#signal))
  }

  async #currentKey(): Promise<Credentials> {
    const { credentials, clock } = this.#options
    const isKept = this.#isKeyGood && credentials.kind !== 'changing'
    return (isKept && this.#key) || readKey(credentials, clock, this.#signal)
  }

  async #call(call: AuthCall, requestedAt: Instant, work: () => Promise<IssuedToken>): Promise<ObtainedToken> {
    const { events, mutex } = this.#options
    try {
      const issued = await mutex.pass(work)
      events?.called?.(call, 'ok')
      return { ...issued, requestedAt }
    } catch (error) {
      events?.called?.(call, asFailure(error).nature)
      throw error
    }
  }
}
