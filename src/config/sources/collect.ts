import { nearest } from '../../kernel/nearest.ts'
import { type Fault, showKey } from '../fault.ts'
import { FORMER_KEYS, type FormerKeys, formerKey, wasSection } from '../schema/former-keys.ts'
import { type SectionName, sectionNames } from '../schema/keys.ts'
import { LABEL, LABEL_CURE } from '../schema/readers.ts'
import { namedSchemas, settingsSchema } from '../schema/schema.ts'
import { isField, type Section } from '../schema/section.ts'
import type { Setting, SourceContent } from '../schema/setting.ts'

/** A mapping in a file, by key. */
export type Mapping = Readonly<Record<string, unknown>>

type Path = readonly string[]

/** Whether a value in a file is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Collects the settings below a file's root. Unknown and former keys become faults that repeat no value. */
export function collectSettings(
  root: Mapping,
  originOf: (path: Path) => string,
  formerKeys: FormerKeys = FORMER_KEYS,
): SourceContent {
  const collector = new Collector(originOf, formerKeys)
  const named = sectionNames.map(section => [section, namedSection(section, root[section])] as const)
  for (const [section, groups] of named) for (const name of Object.keys(groups)) collector.name(section, name)
  collector.walk({ ...settingsSchema, ...Object.fromEntries(named) }, root, [])
  return collector
}

function namedSection(section: SectionName, value: unknown): Section {
  const names = isMapping(value) ? Object.keys(value).filter(name => LABEL.test(name)) : []
  return Object.fromEntries(names.map(name => [name, namedSchemas[section]]))
}

class Collector implements SourceContent {
  readonly settings: Setting[] = []
  readonly faults: Fault[] = []
  readonly #originOf: (path: Path) => string
  readonly #formerKeys: FormerKeys

  constructor(originOf: (path: Path) => string, formerKeys: FormerKeys) {
    this.#originOf = originOf
    this.#formerKeys = formerKeys
  }

  /** Records that a group of this name exists, even if nothing is set in it. */
  name(section: SectionName, name: string): void {
    const key = `${Object.keys(namedSchemas[section])[0]}`
    this.#add({ group: `${section}.${name}`, key }, null, [section, name])
  }

  walk(section: Section, value: unknown, path: Path): void {
    if (isMapping(value)) for (const [name, child] of Object.entries(value)) this.#enter(section, child, path, name)
    // null means that all keys of the section are commented out
    else if (value !== null) this.#report(path, 'expected a mapping', 'indent its keys below it')
  }

  #enter(section: Section, child: unknown, above: Path, name: string): void {
    const path = [...above, name]
    const node = Object.hasOwn(section, name) ? section[name] : undefined
    const former = formerKey(path, this.#formerKeys)
    if (former) this.#report(path, former.problem, former.cure)
    else if (node === undefined && isMapping(child) && wasSection(path, this.#formerKeys)) this.walk({}, child, path)
    else if (node === undefined) this.#reportUnknown(Object.keys(section), path, name)
    else if (isField(node)) this.#add(placeOf(path), child, path)
    else this.walk(node, child, path)
  }

  #add(place: Place, value: unknown, path: Path): void {
    this.settings.push({ ...place, value, source: 'file', origin: this.#originOf(path) })
  }

  #reportUnknown(known: Path, path: Path, name: string): void {
    const meant = nearest(name, known)
    const cure = meant
      ? `did you mean ${meant}?`
      : known.length > 0
        ? `expected one of: ${known.join(', ')}`
        : 'remove it'
    if (isNamed(path[0]) && path.length === 2) this.#report(path, 'invalid name', LABEL_CURE)
    else this.#report(path, 'unknown key', cure)
  }

  #report(path: Path, problem: string, cure: string): void {
    this.faults.push({ key: path.map(showKey).join('.'), origin: this.#originOf(path), problem, cure })
  }
}

type Place = Pick<Setting, 'group' | 'key'>

function placeOf(path: Path): Place {
  const [section, name, key] = path
  if (isNamed(section) && key !== undefined) return { group: `${section}.${name}`, key }
  return { group: null, key: path.join('.') }
}

function isNamed(section: string | undefined): boolean {
  return sectionNames.some(name => name === section)
}
