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

/** How many tenants log in at a time when the proxy starts. */
const LOGINS_AT_ONCE = 10

/** How often the files of access keys are looked at, in milliseconds. */
const WATCH_INTERVAL = 5_000

type Tenants = ReadonlyMap<string, TenantConfig>

/** What is told of each tenant's sessions. */
export interface SessionsEvents {
  changed(tenant: string, ...change: Parameters<Required<SessionEvents>['changed']>): void
  called(tenant: string, ...call: Parameters<Required<SessionEvents>['called']>): void
  succeeded(tenant: string): void
  kept(tenant: string, ...tried: Parameters<RotationEvents['kept']>): void
}

export interface SessionsOptions {
  readonly tenants: Tenants
  readonly clock: Clock
  readonly create: CreateSession
  readonly events: SessionsEvents
}

/** A configured tenant, and how it is served. */
export interface TenantEntry {
  readonly tenant: TenantConfig
  readonly session: Session | undefined
  /** What is to take its place, where other credentials are being tried. */
  readonly candidate: Session | undefined
  /** Whether it had a session that nobody needed any more, and none failed since. */
  readonly rests: boolean
}

/** The sessions of the configured tenants, each made at its first use. It owns them: what leaves is closed. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #closing = new AbortController()
  readonly #resting = new Set<string>()
  #tenants: Tenants
  #live: LRUCache<string, Rotation>
  #watch: Timer | undefined

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#tenants = options.tenants
    this.#live = cacheFor(options.tenants)
  }

  /**
   * A lease of a tenant's session, as {@link Session.acquire} gives it.
   * @throws {Problem} also `unknown-tenant`
   */
  async acquire(tenant: string, signal?: EndSignal): Promise<Lease> {
    const { session } = this.#of(tenant)
    try {
      return await session.acquire(signal)
    } catch (error) {
      // it may have been closed because another took its place
      if (session.state !== 'closed') throw error
      return this.#of(tenant).session.acquire(signal)
    }
  }

  /** The lease that {@link Sessions.acquire} would give without waiting. */
  use(tenant: string): Lease | undefined {
    return this.#live.peek(tenant)?.session.use()
  }

  /** As {@link Session.invalidate}. A lease of a session that has left is worth a new one. */
  invalidate(tenant: string, lease: Lease, refusal: Unauthorized): Retry | undefined {
    const live = this.#live.peek(tenant)
    if (live) return live.session.invalidate(lease, refusal)
    return this.#tenants.has(tenant) ? UNINFORMATIVE : undefined
  }

  /** The tokens and secret keys of a tenant's sessions, which no answer may show. */
  secrets(tenant: string): readonly Secret[] {
    return this.#live.peek(tenant)?.secrets ?? []
  }

  /** Logs in every tenant that is not lazy, a few at a time, until each has a session or is known to have none. */
  async start(): Promise<void> {
    const eager = [...this.#tenants.values()].filter(tenant => !tenant.lazy).values()
    const logIn = async () => {
      for (const { name } of eager) await this.acquire(name).catch(() => {})
    }
    await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, logIn))
  }

  /** Every configured tenant. Looking does not count as use. */
  *all(): Generator<TenantEntry> {
    for (const [name, tenant] of this.#tenants) {
      const rotation = this.#live.peek(name)
      const { session, candidate } = rotation ?? { session: undefined, candidate: undefined }
      yield { tenant, session, candidate, rests: this.#resting.has(name) }
    }
  }

  /**
   * Goes on with other tenants. Those that left are closed; those that were changed, or whose key was, get a session of
   * the new configuration before they lose the one they have. Resolves once each key has been read.
   */
  async reload(tenants: Tenants): Promise<void> {
    const before = this.#tenants
    this.#tenants = tenants
    const live = [...this.#live]
    this.#live = cacheFor(tenants)
    const staying: Promise<void>[] = []
    for (const [name, rotation] of live) {
      const [was, is] = [before.get(name), tenants.get(name)]
      if (!was || !is) {
        rotation.close()
        continue
      }
      this.#live.set(name, rotation)
      staying.push(this.#reconsider(rotation, was, is))
    }
    await Promise.all(staying)
  }

  /** Closes every session. */
  close(): void {
    this.#closing.abort(new Error('the sessions were closed'))
    if (this.#watch) this.#options.clock.clearTimeout(this.#watch)
    this.#live.clear()
  }

  #of(name: string): Rotation {
    const tenant = this.#tenants.get(name)
    if (this.#closing.signal.aborted) throw new Problem('draining', 'The proxy is shutting down')
    if (!tenant) throw new Problem('unknown-tenant', `The tenant "${name}" is no longer configured`)
    const live = this.#live.peek(name)
    if (live) return live
    const rotation = new Rotation(tenant, this.#options.create, this.#eventsOf(name))
    this.#live.set(name, rotation)
    this.#resting.delete(name)
    if (tenant.credentials.kind === 'file') this.#watchLater()
    return rotation
  }

  #eventsOf(name: string): RotationEvents {
    const { events } = this.#options
    return {
      called: (...call) => events.called(name, ...call),
      succeeded: () => events.succeeded(name),
      kept: (...tried) => events.kept(name, ...tried),
      changed: (...change) => {
        events.changed(name, ...change)
        if (change[1] === 'idle') this.#rest(name)
      },
    }
  }

  #rest(name: string): void {
    this.#resting.add(name)
    this.#live.delete(name)
  }

  async #reconsider(rotation: Rotation, was: TenantConfig, is: TenantConfig): Promise<void> {
    const key = await this.#keyOf(is).catch((error: Error) => error)
    if (this.#live.peek(is.name) !== rotation) return
    if (key instanceof Error) return this.#options.events.kept(is.name, key.message)
    const newest = rotation.candidate ?? rotation.session
    // whoever waits for the next try has just been told of what may make it a better one
    const isStuck = newest.state === 'rejected' || (newest.state === 'backing-off' && !newest.peek())
    if (isStuck || !isSameUser(was, is)) rotation.replace(is, key)
    else rotation.offer(is, key)
  }

  /**
   * Looks at the files again and again: cheap as they are, that finds what no notification tells of, such as a file on
   * a network share, or the swapped link behind a Kubernetes secret.
   */
  #watchLater(): void {
    const { clock } = this.#options
    this.#watch ??= clock.setTimeout(async () => {
      const isWatched = ({ name, credentials }: TenantConfig) => credentials.kind === 'file' && this.#live.has(name)
      const watched = [...this.#tenants.values()].filter(isWatched)
      for (const tenant of watched) await this.#look(tenant)
      this.#watch = undefined
      if (watched.length > 0 && !this.#closing.signal.aborted) this.#watchLater()
    }, WATCH_INTERVAL)
  }

  /** A file that cannot be read now may be about to be replaced. */
  async #look(tenant: TenantConfig): Promise<void> {
    const key = await this.#keyOf(tenant).catch(() => undefined)
    if (key && this.#tenants.get(tenant.name) === tenant) this.#live.peek(tenant.name)?.offer(tenant, key)
  }

  #keyOf({ credentials }: TenantConfig): Promise<Credentials> {
    return readKey(credentials, this.#options.clock, this.#closing.signal)
  }
}

/** It is never full, so nobody need be moved up in it as used. */
function cacheFor(tenants: Tenants): LRUCache<string, Rotation> {
  return new LRUCache({ max: Math.max(1, tenants.size), dispose: rotation => rotation.close() })
}

/** Whether two configurations of a tenant log in to the same place for the same customer, by a key from the same source. */
function isSameUser(one: TenantConfig, other: TenantConfig): boolean {
  const user = ({ api, prismaId, customerName, credentials }: TenantConfig) =>
    JSON.stringify([api.origin, api.basePath, api.compute, prismaId, customerName, credentials.origin])
  return user(one) === user(other)
}
