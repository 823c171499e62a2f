import { askKeyExpiry } from '../auth/ask-key-expiry.ts'
import type { KeyExpiry } from '../auth/key-expiry.ts'
import type { Clock } from '../kernel/clock.ts'
import { DAY, elapsed, type Instant, instantOf, later } from '../kernel/instant.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Dispatcher } from '../upstream/dispatcher.ts'
import type { Lease } from './lease.ts'
import type { SessionsEvents } from './sessions.ts'

/** How long after a question that got no answer to ask again, in milliseconds. */
const PAUSE = 60 * 60_000

/** Callbacks for what is learned about the access keys of tenants. */
export interface KeyExpiriesEvents {
  /** A tenant uses a key that expires at this time, in milliseconds since the epoch. Repeated after each auth call. */
  dated(tenant: string, expiresAt: number): void
  /** The API was asked and did not say when the key expires. `reason` contains no secret. */
  untold(tenant: string, reason: string): void
}

/** What {@link KeyExpiries} needs. */
export interface KeyExpiriesOptions {
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  /** Returns the timeout of one question, in milliseconds. Called for every question, so that a reload takes effect. */
  readonly callTimeout: () => number
  readonly events: KeyExpiriesEvents
}

/** The access key that a tenant used last. */
interface UsedKey {
  readonly accessKeyId: Secret
  expiry: KeyExpiry
  /** When to ask the API again. */
  due: Instant
}

/**
 * Knows when the access keys of tenants expire. Asks the API once a day, just after an auth call and with the session's
 * token, so that no session is started or kept for it.
 */
export class KeyExpiries {
  readonly #options: KeyExpiriesOptions
  readonly #closing = new AbortController()
  readonly #keys = new Map<string, UsedKey>()

  constructor(options: KeyExpiriesOptions) {
    this.#options = options
  }

  /** Returns when the access key that a tenant used last expires, as far as it is known. */
  of(tenant: string): KeyExpiry {
    return this.#keys.get(tenant)?.expiry ?? 'unknown'
  }

  /** Asks when the access key expires if that is due; an event handler for the sessions. */
  readonly keyUsed: SessionsEvents['keyUsed'] = (tenant, accessKeyId, lease) => {
    const now = instantOf(this.#options.clock)
    const key = this.#keyOf(tenant, accessKeyId, now)
    if (lease && elapsed(key.due, now) >= 0) void this.#ask(tenant, key, lease, now)
    else this.#tell(tenant, key)
  }

  /** Ends running questions. Call it after the sessions have been closed. */
  close(): void {
    this.#keys.clear()
    this.#closing.abort(new Error('the proxy is shutting down'))
  }

  #keyOf(tenant: string, accessKeyId: Secret, now: Instant): UsedKey {
    const known = this.#keys.get(tenant)
    if (known?.accessKeyId.equals(accessKeyId)) return known
    const key: UsedKey = { accessKeyId, expiry: 'unknown', due: now }
    this.#keys.set(tenant, key)
    return key
  }

  async #ask(tenant: string, key: UsedKey, { api, token }: Lease, now: Instant): Promise<void> {
    const { dispatcher, clock, callTimeout, events } = this.#options
    key.due = later(now, PAUSE)
    const question = { api, token, accessKeyId: key.accessKeyId }
    const options = { clock, timeout: callTimeout(), signal: this.#closing.signal }
    const answer = await askKeyExpiry(dispatcher, question, options).catch((error: Error) => error)
    // the tenant may use another key by now
    if (this.#keys.get(tenant) !== key) return
    if (answer instanceof Error) return events.untold(tenant, answer.message)
    key.expiry = answer.expiry
    key.due = later(now, DAY)
    if (answer.reason !== null) events.untold(tenant, answer.reason)
    this.#tell(tenant, key)
  }

  #tell(tenant: string, { expiry }: UsedKey): void {
    if (typeof expiry === 'number') this.#options.events.dated(tenant, expiry)
  }
}
