import { ensure } from '../../kernel/ensure.ts'
import type { SectionName } from '../schema/keys.ts'
import type { Given, Setting } from '../schema/setting.ts'

/** Merges the settings of several sources, given in descending order of precedence. */
export function mergeSettings(...sources: readonly (readonly Setting[])[]): MergedSettings {
  return sources.reduce((merged, settings) => merged.fill(settings), new MergedSettings())
}

/** The settings of all sources, by group (null for none), then by key. */
export class MergedSettings {
  readonly #groups = new Map<string | null, Map<string, Setting>>()

  /** The names in a section, in the order in which the sources give them. */
  namesIn(section: SectionName): string[] {
    const groups = [...this.#groups.keys()].filter(group => group?.startsWith(`${section}.`))
    return groups.map(group => `${group}`.slice(section.length + 1))
  }

  /** Returns the settings of one group, such as `tenants.prod`, or those in no group. */
  inGroup(group: string | null): Given {
    return this.#groups.get(group) ?? new Map()
  }

  /** Every setting that applies, from all groups. */
  *all(): Generator<Setting> {
    for (const group of this.#groups.values()) yield* group.values()
  }

  /** Adds a source of lower precedence, which sets only what no source before it has set. A null sets nothing. */
  fill(settings: readonly Setting[]): this {
    for (const setting of settings) {
      const group = ensure(this.#groups, setting.group, () => new Map<string, Setting>())
      if ((group.get(setting.key)?.value ?? null) === null) group.set(setting.key, setting)
    }
    return this
  }
}
