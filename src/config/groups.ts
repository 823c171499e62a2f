import type { Given, Setting } from './setting.ts'

/** Settings by tenant (null for none), then by key. */
export class Groups {
  readonly #groups = new Map<string | null, Map<string, Setting>>()

  /** The names of the tenants, in the order in which they were met. */
  get tenants(): string[] {
    return [...this.#groups.keys()].filter(name => name !== null)
  }

  /** The settings of one tenant, or of none. */
  of(tenant: string | null): Given {
    return this.#groups.get(tenant) ?? new Map()
  }

  /** Adds a source of lower precedence: what is set already stays, and null sets nothing. */
  fill(settings: readonly Setting[]): this {
    for (const setting of settings) {
      const group = this.#groups.get(setting.tenant) ?? new Map<string, Setting>()
      this.#groups.set(setting.tenant, group)
      if ((group.get(setting.key)?.value ?? null) === null) group.set(setting.key, setting)
    }
    return this
  }
}
