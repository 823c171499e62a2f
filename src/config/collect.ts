import { nearest } from '../kernel/nearest.ts'
import { type Fault, showKey } from './fault.ts'
import type { Section } from './keys.ts'
import { LABEL } from './leaves.ts'
import { settingsSchema, tenantSchema } from './schema.ts'
import type { Setting, Source } from './setting.ts'
import { LABEL_CURE } from './values.ts'

/** A mapping of a file. */
export type Mapping = Readonly<Record<string, unknown>>

type Path = readonly string[]

/** Whether a value of a file is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The settings in a file's root. Keys that are not known become faults, which repeat no value. */
export function collectSettings(root: Mapping, originOf: (path: Path) => string): Source {
  const collector = new Collector(originOf)
  const tenants = tenantSection(root.tenants)
  for (const tenant of Object.keys(tenants.properties)) collector.name(tenant)
  collector.walk({ properties: { ...settingsSchema.properties, tenants } }, root, [])
  return collector
}

function tenantSection(tenants: unknown): Section {
  const names = isMapping(tenants) ? Object.keys(tenants).filter(name => LABEL.test(name)) : []
  return { properties: Object.fromEntries(names.map(name => [name, tenantSchema])) }
}

class Collector implements Source {
  readonly settings: Setting[] = []
  readonly faults: Fault[] = []
  readonly #originOf: (path: Path) => string

  constructor(originOf: (path: Path) => string) {
    this.#originOf = originOf
  }

  /** Makes a tenant known by its name, even if nothing stands below it. */
  name(tenant: string): void {
    this.settings.push({ tenant, key: 'url', value: null, origin: this.#originOf(['tenants', tenant]) })
  }

  walk(section: Section, value: unknown, path: Path): void {
    if (isMapping(value)) for (const [name, child] of Object.entries(value)) this.#enter(section, child, path, name)
    // Null is a section all of whose keys are commented out.
    else if (value !== null) this.#report(path, 'the value is not a mapping', 'Write its keys indented below it.')
  }

  #enter(section: Section, child: unknown, above: Path, name: string): void {
    const path = [...above, name]
    const node = Object.hasOwn(section.properties, name) ? section.properties[name] : undefined
    if (node === undefined) this.#reportUnknown(Object.keys(section.properties), path, name)
    else if ('properties' in node) this.walk(node, child, path)
    else this.settings.push({ ...placeOf(path), value: child, origin: this.#originOf(path) })
  }

  #reportUnknown(known: Path, path: Path, name: string): void {
    const meant = nearest(name, known)
    const cure = meant ? `Did you mean ${meant}?` : `The keys known here are ${known.join(', ')}.`
    if (path[0] !== 'tenants' || path.length > 2) this.#report(path, 'the key is not known', cure)
    else this.#report(path, 'the key is not the name of a tenant', LABEL_CURE)
  }

  #report(path: Path, problem: string, cure: string): void {
    this.faults.push({ key: path.map(showKey).join('.'), origin: this.#originOf(path), problem, cure })
  }
}

function placeOf(path: Path): Pick<Setting, 'tenant' | 'key'> {
  const [section, tenant, key] = path
  if (section === 'tenants' && tenant !== undefined && key !== undefined) return { tenant, key }
  return { tenant: null, key: path.join('.') }
}
