import { MASK } from '../kernel/mask.ts'
import { Secret } from '../kernel/secret.ts'
import { quote } from './fault.ts'
import type { Reading } from './load.ts'
import { readProxyUrl } from './network/proxy-url.ts'
import type { Field, Kind } from './schema/fields.ts'
import { fieldOf, sectionKeys, sectionNames, settingKeys } from './schema/keys.ts'
import { pathOf, type Setting, settingOf } from './schema/setting.ts'
import type { MergedSettings } from './sources/merged-settings.ts'

/** A value as a user would write it in a file. */
export type Written = string | number | boolean | null | readonly string[]

/** The value of a key that applies, and where it comes from. No member contains a secret. */
export interface EffectiveSetting {
  /** The path of the key in a file, such as `tenants.prod.url`, or `config` for the file itself. */
  readonly key: string
  /** The value, in which `[secret]` replaces what is secret. Null if there is none, or if it is not valid. */
  readonly value: Written
  readonly source: Setting['source']
  /** The place in the source: a flag, a variable, `FILE:LINE`, a file, or `default`. */
  readonly origin: string
  /** Whether the value is shown as it is, with something masked, or not at all because the key does not accept it. */
  readonly shown: 'whole' | 'masked' | 'invalid'
}

/** How flags and variables separate the elements of a list. */
const SEPARATORS: Partial<Readonly<Record<Kind, string>>> = { hosts: ',', rules: ';', cacheRules: ';' }

/**
 * Returns the effective value of every key: of each tenant and client, then of all others, in the order of the
 * documentation. Names the configuration file first, if there is one.
 */
export function effectiveSettings({ settings, defaultTenant }: Reading): EffectiveSetting[] {
  const secrets = secretsIn(settings)
  const general = settings.inGroup(null)
  const file = settingOf(general, 'config')
  return [
    ...(file.value === null ? [] : [{ ...placeOf(file), value: `${file.value}`, shown: 'whole' as const }]),
    ...sectionNames.flatMap(section =>
      settings.namesIn(section).flatMap(name => {
        const group = `${section}.${name}`
        const given = settings.inGroup(group)
        return [...sectionKeys[section]].map(([key, field]) => effective(settingOf(given, key, group), field, secrets))
      }),
    ),
    ...[...settingKeys].map(([key, field]) =>
      // without a default tenant of its own, a configuration with one tenant has that
      effective(
        settingOf(general, key),
        key === 'defaultTenant' ? { ...field, default: defaultTenant } : field,
        secrets,
      ),
    ),
  ]
}

/** The secrets that are given as such, to be found wherever else they may have slipped in. */
function secretsIn(settings: MergedSettings): Secret[] {
  const given = [...settings.all()].filter(({ key }) => fieldOf(key)?.kind === 'secret')
  return given.flatMap(({ value }) => (typeof value === 'string' ? [new Secret(value.trim())] : []))
}

function placeOf(setting: Setting): Pick<EffectiveSetting, 'key' | 'source' | 'origin'> {
  return { key: pathOf(setting), source: setting.source, origin: setting.origin }
}

function effective(setting: Setting, field: Field, secrets: readonly Secret[]): EffectiveSetting {
  const place = placeOf(setting)
  if (setting.value === null)
    return { key: place.key, value: field.default, source: 'default', origin: 'default', shown: 'whole' }
  if (!isAccepted(setting.value, field)) return { ...place, value: null, shown: 'invalid' }
  const whole = written(setting.value, field.kind)
  const value = maskIn(whole, field.kind, secrets)
  return { ...place, value, shown: `${value}` === `${whole}` ? 'whole' : 'masked' }
}

function isAccepted(value: unknown, field: Field): boolean {
  try {
    field.read(value)
    return true
  } catch {
    return false
  }
}

/** Returns a value that the key accepts as it would be written in a file, whichever source it is from. */
function written(value: unknown, kind: Kind): Exclude<Written, null> {
  if (Array.isArray(value)) return value.map(element => `${element}`.trim())
  const text = `${value}`.trim()
  const separator = SEPARATORS[kind]
  if (separator !== undefined) return text.split(separator).map(element => element.trim())
  if (kind === 'argv') return JSON.parse(text)
  if (kind === 'count') return Number(text)
  return kind === 'toggle' ? text === 'true' : text
}

function maskIn(value: Exclude<Written, null>, kind: Kind, secrets: readonly Secret[]): Written {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  const texts = typeof value === 'string' ? [value] : value
  const masked = texts.map((text, index) => Secret.maskAllIn(maskByKind(text, kind, index), secrets))
  return typeof value === 'string' ? `${masked[0]}` : masked
}

/** Masks what the kind of a key says to be secret: in a URL the login, of a command all arguments. */
function maskByKind(text: string, kind: Kind, index: number): string {
  if (kind === 'secret' || (kind === 'argv' && index > 0)) return MASK
  if (kind === 'proxyUrl') return readProxyUrl(text).replace(/\/\/.*@/, `//${MASK}@`)
  // an address that is still to be checked may contain a password
  return kind === 'text' && quote(text) === null ? MASK : text
}
