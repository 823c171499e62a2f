import { ensure } from '../../kernel/ensure.ts'
import type { SectionName } from '../schema/keys.ts'
import type { Given, Setting } from '../schema/setting.ts'

/** Settings by group (null for none), then by key. */
export class Groups {
  readonly #groups = new Map<string | null, Map<string, Setting>>()

  /** The names in a section, in the order in which they were met. */
  names(section: SectionName): string[] {
    const groups = [...this.#groups.keys()].filter(group => group?.startsWith(`${section}.`))
    return groups.map(group => `${group}`.slice(section.length + 1))
  }

  /** The settings of one group, or of none. */
  of(group: string | null): Given {
    return this.#groups.get(group) ?? new Map()
  }

  /** The settings that hold, of all groups. */
  *all(): Generator<Setting> {
    for (const group of this.#groups.values()) yield* group.values()
  }

  /** Adds a source of lower precedence: what is set already stays, and null sets nothing. */
  fill(settings: readonly Setting[]): this {
    for (const setting of settings) {
      const group = ensure(this.#groups, setting.group, () => new Map<string, Setting>())
      if ((group.get(setting.key)?.value ?? null) === null) group.set(setting.key, setting)
    }
    return this
  }
}
