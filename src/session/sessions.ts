import { LRUCache } from 'lru-cache'
import type { Credentials, TenantConfig } from '../config/config.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import type { Secret } from '../kernel/secret.ts'
import { Problem } from '../problem/problem.ts'
import { type Retry, UNINFORMATIVE, type Unauthorized } from './evidence.ts'
import { readKey } from './key.ts'
import type { Lease } from './lease.ts'
import type { SessionEvents } from './report.ts'
import { type CreateSession, Rotation, type RotationEvents } from './rotation.ts'
import type { Session } from './session.ts'

/** How many tenants log in at the same time when the proxy starts. */
const CONCURRENT_LOGINS = 10

/** How often access key files are read for changes, in milliseconds. */
const WATCH_INTERVAL = 5_000

type Tenants = ReadonlyMap<string, TenantConfig>

/**
 * Callbacks for what happens to the sessions of each tenant: those of {@link RotationEvents}, with the tenant's name.
 */
export interface SessionsEvents {
  changed(tenant: string, ...change: Parameters<Required<SessionEvents>['changed']>): void
  called(tenant: string, ...call: Parameters<Required<SessionEvents>['called']>): void
  keyUsed(tenant: string, ...use: Parameters<Required<SessionEvents>['keyUsed']>): void
  rotated(tenant: string): void
  rotationFailed(tenant: string, ...failure: Parameters<RotationEvents['rotationFailed']>): void
  /** After a reload the access key could not be read; the session in use stays. */
  keyUnreadable(tenant: string, reason: string): void
}

/** What {@link Sessions} needs. */
export interface SessionsOptions {
  readonly tenants: Tenants
  readonly clock: Clock
  readonly create: CreateSession
  readonly events: SessionsEvents
}

/** A configured tenant and its sessions. */
export interface TenantEntry {
  readonly tenant: TenantConfig
  readonly session: Session | undefined
  /** The session of a new access key that is being tried, to replace `session`. */
  readonly candidate: Session | undefined
  /** Whether its last session became idle and was discarded, and none has been made since. */
  readonly rests: boolean
}

/**
 * The sessions of all configured tenants. Creates a session when a tenant is first used, and closes those it discards.
 */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #closing = new AbortController()
  readonly #resting = new Set<string>()
  #tenants: Tenants
  #rotations: LRUCache<string, Rotation>
  #watchTimer: Timer | undefined

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#tenants = options.tenants
    this.#rotations = cacheFor(options.tenants)
  }

  /**
   * Resolves with a lease of a tenant's session, as {@link Session.acquire} does.
   * @throws {Problem} as {@link Session.acquire} does; `unknown-tenant` if the tenant is not configured
   */
  acquire(tenant: string, signal?: EndSignal): Promise<Lease> {
    return this.#lease(tenant, session => session.acquire(signal))
  }

  /** Returns the lease that {@link Sessions.acquire} would resolve with at once, if there is one. */
  use(tenant: string): Lease | undefined {
    return this.#rotations.peek(tenant)?.session.use()
  }

  /** Does what {@link Session.renew} does. Throws a {@link Problem} if the tenant is not configured. */
  renew(tenant: string): void {
    this.#rotationOf(tenant).session.renew()
  }

  /** Does what {@link Session.invalidate} does. If the session has been discarded, a retry gets a new one. */
  invalidate(tenant: string, lease: Lease, response: Unauthorized): Retry | undefined {
    const rotation = this.#rotations.peek(tenant)
    if (rotation) return rotation.session.invalidate(lease, response)
    return this.#tenants.has(tenant) ? UNINFORMATIVE : undefined
  }

  /** The tokens and secret keys of a tenant's sessions. No response to a client may contain them. */
  secrets(tenant: string): readonly Secret[] {
    return this.#rotations.peek(tenant)?.secrets ?? []
  }

  /** The user that a tenant's requests act for, while there is a live session. */
  userOf(tenant: string): Secret | undefined {
    return this.#rotations.peek(tenant)?.session.peek()?.user
  }

  /** Logs in all tenants that are not lazy, ten at a time. Resolves once each has a session or its login has failed. */
  async start(): Promise<void> {
    // the workers share one iterator, so each tenant is taken once
    const eager = [...this.#tenants.values()].filter(tenant => !tenant.lazy).values()
    const logIn = async () => {
      for (const { name } of eager)
        await this.#lease(name, session => session.acquire(undefined, false)).catch(() => {})
    }
    await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, logIn))
  }

  /** Lists every configured tenant, without counting as use of its session. */
  *all(): Generator<TenantEntry> {
    for (const [name, tenant] of this.#tenants) {
      const rotation = this.#rotations.peek(name)
      yield { tenant, session: rotation?.session, candidate: rotation?.candidate, rests: this.#resting.has(name) }
    }
  }

  /**
   * Replaces the configured tenants. Closes the sessions of removed tenants. A tenant whose API, customer or access key
   * changed gets a candidate, and keeps its session until the candidate has a token. Resolves once all keys are read.
   */
  async reload(tenants: Tenants): Promise<void> {
    const before = this.#tenants
    this.#tenants = tenants
    const rotations = [...this.#rotations]
    this.#rotations = cacheFor(tenants)
    const updates: Promise<void>[] = []
    for (const [name, rotation] of rotations) {
      const [was, is] = [before.get(name), tenants.get(name)]
      if (!was || !is) {
        rotation.close()
        continue
      }
      this.#rotations.set(name, rotation)
      updates.push(this.#update(rotation, was, is))
    }
    await Promise.all(updates)
  }

  /** Closes all sessions for good. Later calls of {@link Sessions.acquire} reject with `draining`. */
  close(): void {
    this.#closing.abort(new Error('the sessions were closed'))
    if (this.#watchTimer) this.#options.clock.clearTimeout(this.#watchTimer)
    this.#rotations.clear()
  }

  /** Waits for a lease of a tenant's session, and again if another session replaces that one meanwhile. */
  async #lease(tenant: string, wait: (session: Session) => Promise<Lease>): Promise<Lease> {
    const { session } = this.#rotationOf(tenant)
    try {
      return await wait(session)
    } catch (error) {
      if (session.state !== 'closed') throw error
      return wait(this.#rotationOf(tenant).session)
    }
  }

  /** The rotation of a tenant, made now if it has none. */
  #rotationOf(name: string): Rotation {
    const tenant = this.#tenants.get(name)
    if (this.#closing.signal.aborted) throw new Problem('draining', 'The proxy is shutting down')
    if (!tenant) throw new Problem('unknown-tenant', `Tenant "${name}" is no longer configured`)
    const existing = this.#rotations.peek(name)
    if (existing) return existing
    const rotation = new Rotation(tenant, this.#options.create, this.#eventsOf(name))
    this.#rotations.set(name, rotation)
    this.#resting.delete(name)
    if (tenant.credentials.kind === 'file') this.#watchLater()
    return rotation
  }

  #eventsOf(name: string): RotationEvents {
    const { events } = this.#options
    return {
      called: (...call) => events.called(name, ...call),
      keyUsed: (...use) => events.keyUsed(name, ...use),
      rotated: () => events.rotated(name),
      rotationFailed: (...failure) => events.rotationFailed(name, ...failure),
      changed: (...change) => {
        events.changed(name, ...change)
        if (change[1] === 'idle') this.#discard(name)
      },
    }
  }

  #discard(name: string): void {
    this.#resting.add(name)
    this.#rotations.delete(name)
  }

  /** Offers a tenant's sessions the access key of its new configuration. */
  async #update(rotation: Rotation, was: TenantConfig, is: TenantConfig): Promise<void> {
    const key = await this.#readKey(is).catch((error: Error) => error)
    if (this.#rotations.peek(is.name) !== rotation) return
    if (key instanceof Error) return this.#options.events.keyUnreadable(is.name, key.message)
    if (isStuck(rotation.candidate ?? rotation.session) || !isSameUser(was, is)) rotation.replace(is, key)
    else rotation.offer(is, key)
  }

  /**
   * Reads access key files for changes, every five seconds. Polling also finds changes without a file system event,
   * such as those on a network share or of the symbolic link behind a Kubernetes secret.
   */
  #watchLater(): void {
    const { clock } = this.#options
    this.#watchTimer ??= clock.setTimeout(async () => {
      const isWatched = ({ name, credentials }: TenantConfig) =>
        credentials.kind === 'file' && this.#rotations.has(name)
      const watched = [...this.#tenants.values()].filter(isWatched)
      for (const tenant of watched) await this.#offerKeyOf(tenant)
      this.#watchTimer = undefined
      if (watched.length > 0 && !this.#closing.signal.aborted) this.#watchLater()
    }, WATCH_INTERVAL)
  }

  async #offerKeyOf(tenant: TenantConfig): Promise<void> {
    // a file that cannot be read may be in the middle of being replaced
    const key = await this.#readKey(tenant).catch(() => undefined)
    if (key && this.#tenants.get(tenant.name) === tenant) this.#rotations.peek(tenant.name)?.offer(tenant, key)
  }

  #readKey({ credentials }: TenantConfig): Promise<Credentials> {
    return readKey(credentials, this.#options.clock, this.#closing.signal)
  }
}

/** Has room for every tenant, so it never evicts; closes what is deleted from it. */
function cacheFor(tenants: Tenants): LRUCache<string, Rotation> {
  return new LRUCache({ max: Math.max(1, tenants.size), dispose: rotation => rotation.close() })
}

/** Whether a session only waits for its next attempt. A reload may have fixed the cause, so it is replaced at once. */
function isStuck(session: Session): boolean {
  return session.state === 'rejected' || (session.state === 'backing-off' && !session.peek())
}

/** Whether two configurations log in to the same API for the same customer, with a key from the same source. */
function isSameUser(one: TenantConfig, other: TenantConfig): boolean {
  const user = ({ api, prismaId, customerName, credentials }: TenantConfig) =>
    JSON.stringify([api.origin, api.basePath, api.compute, prismaId, customerName, credentials.origin])
  return user(one) === user(other)
}
