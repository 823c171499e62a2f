import { stat } from 'node:fs/promises'
import { accessOfOthers } from '../../kernel/file-access.ts'
import { type Fault, InvalidValue } from '../fault.ts'
import type { Setting, SourceContent } from '../schema/setting.ts'
import { attempt } from '../schema/setting-faults.ts'
import { collectSettings, isMapping, type Mapping } from './collect.ts'
import { readTextFile } from './text-file.ts'
import type { Yaml } from './yaml.ts'

/** The content of the configuration file. */
export interface FileSource extends SourceContent {
  /** False if nothing could be read; settings that seem to be missing may then be in the file. */
  readonly usable: boolean
  readonly warnings: readonly string[]
}

/** Reads the configuration file that a setting names. Its problems become faults. */
export async function readConfigFile(named: Setting): Promise<FileSource> {
  const faults: Fault[] = []
  const unusable = { settings: [], faults, usable: false, warnings: [] }
  const path = `${named.value}`
  const text = await attempt(named, faults, () => readTextFile(path))
  if (text === undefined) return unusable
  // loaded only if there is a file: the parser takes longer to load than the rest of the configuration
  const { parseYaml } = await import('./yaml.ts')
  const yaml = parseYaml(text)
  if (!('root' in yaml)) {
    faults.push(...yaml.map(({ line, ...problem }) => ({ ...problem, origin: `${path}:${line}` })))
    return unusable
  }
  const root = await attempt(named, faults, () => rootOf(yaml))
  if (root === undefined) return unusable
  const source = collectSettings(root, at => `${path}:${yaml.lineOf(at)}`)
  return { ...source, usable: true, warnings: await warningsOf(path, source.settings) }
}

function rootOf({ root }: Yaml): Mapping {
  if (isMapping(root)) return root
  const problem = root === null ? 'is empty' : 'is not a mapping'
  throw new InvalidValue(problem, 'add keys to it, e.g. tenants:, or do not pass it with --config')
}

/** The secrets that a file may contain, each of which may be in a file of its own instead. */
const SECRETS = [
  { key: 'secretKey', what: 'a secret key' },
  { key: 'fleet.redisPassword', what: 'the password for Redis' },
]

/** Returns warnings if other users can read a secret in the file, or change where access keys are sent. */
async function warningsOf(path: string, settings: readonly Setting[]): Promise<string[]> {
  const { readable, writable } = accessOfOthers(await stat(path))
  const held = settings.filter(({ value }) => value !== null).map(({ key }) => key)
  const exposed = SECRETS.filter(({ key }) => readable && held.includes(key))
  return [
    ...exposed.map(
      ({ key, what }) =>
        `${path} contains ${what} and can be read by other users; run chmod 600 on it, or use ${key}File`,
    ),
    ...(writable ? [`${path} can be changed by other users; run chmod go-w on it`] : []),
  ]
}
