import { LRUCache } from 'lru-cache'
import type { TenantConfig } from '../config/config.ts'
import type { Session } from './session.ts'

/** The sessions of the configured tenants, each made at its first use. It owns them: what leaves is closed. */
export class Sessions {
  readonly #tenants: ReadonlyMap<string, TenantConfig>
  readonly #create: (tenant: TenantConfig) => Session
  readonly #live: LRUCache<string, Session>

  constructor(tenants: ReadonlyMap<string, TenantConfig>, create: (tenant: TenantConfig) => Session) {
    this.#tenants = tenants
    this.#create = create
    this.#live = new LRUCache({ max: Math.max(1, tenants.size), dispose: session => session.close() })
  }

  /** The session of a configured tenant. */
  of(tenant: TenantConfig): Session {
    let session = this.#live.get(tenant.name)
    if (!session) {
      session = this.#create(tenant)
      this.#live.set(tenant.name, session)
    }
    return session
  }

  /** Every configured tenant with its session, if it has one; looking does not count as use. */
  *all(): Generator<{ tenant: TenantConfig; session: Session | undefined }> {
    for (const tenant of this.#tenants.values()) yield { tenant, session: this.#live.peek(tenant.name) }
  }

  /** Closes every session. */
  close(): void {
    this.#live.clear()
  }
}
