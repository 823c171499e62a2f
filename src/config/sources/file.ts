import { stat } from 'node:fs/promises'
import { accessOfOthers } from '../../kernel/file-access.ts'
import { type Fault, InvalidValue } from '../fault.ts'
import { attempt, type Setting, type SourceContent } from '../schema/setting.ts'
import { collectSettings, isMapping, type Mapping } from './collect.ts'
import { readTextFile } from './text-file.ts'
import type { Yaml } from './yaml.ts'

/** What a configuration file holds. */
export interface FileSource extends SourceContent {
  /** False when nothing could be read, so that what is missing elsewhere may only be missing because of it. */
  readonly usable: boolean
  readonly warnings: readonly string[]
}

/** Reads the file that a setting names. Its problems become faults. */
export async function readConfigFile(named: Setting): Promise<FileSource> {
  const faults: Fault[] = []
  const unusable = { settings: [], faults, usable: false, warnings: [] }
  const path = `${named.value}`
  const text = await attempt(named, faults, () => readTextFile(path))
  if (text === undefined) return unusable
  // loaded when there is a file: it takes longer than the rest of the configuration
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
  const problem = root === null ? 'is empty' : 'holds no mapping of keys'
  throw new InvalidValue(problem, 'Write keys into it, such as tenants:, or leave it out.')
}

/** What others may do with the file: read a secret that stands in it, or change where keys are sent. */
async function warningsOf(path: string, settings: readonly Setting[]): Promise<string[]> {
  const { readable, writable } = accessOfOthers(await stat(path))
  const holdsSecret = settings.some(({ key, value }) => key === 'secretKey' && value !== null)
  return [
    ...(holdsSecret && readable
      ? [`${path} holds a secret key and can be read by others: chmod 600 it, or use secretKeyFile.`]
      : []),
    ...(writable ? [`${path} can be changed by other users: chmod go-w it.`] : []),
  ]
}
