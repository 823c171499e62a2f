import { stat } from 'node:fs/promises'
import { accessOfOthers } from '../kernel/file-access.ts'
import { fieldOf } from './schema/keys.ts'
import type { Setting } from './schema/setting.ts'

/** Keys of files that hold what nobody else may know. */
const SECRET_FILES = new Set([
  'listen.clientTokenFile',
  'listen.tlsKeyFile',
  'tokenFile',
  'secretKeyFile',
  'credentialsFile',
])

/** Where container runtimes put secrets, for the container alone and with modes of their own. */
const OF_THE_CONTAINER = /^(\/var)?\/run\/secrets\//

/** Warnings about the files that settings name and that other users may read, where they are secret, or change. */
export async function warningsOfFiles(settings: Iterable<Setting>): Promise<string[]> {
  const secret = new Map<string, boolean>()
  for (const { key, value } of settings) {
    const isFile = typeof value === 'string' && fieldOf(key)?.kind === 'file' && key !== 'audit.file'
    if (isFile) secret.set(value.trim(), SECRET_FILES.has(key) || secret.get(value.trim()) === true)
  }
  const warnings = await Promise.all([...secret].map(([path, isSecret]) => warningsOfFile(path, isSecret)))
  return warnings.flat()
}

/** What is not there has its fault already. */
async function warningsOfFile(path: string, isSecret: boolean): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found || OF_THE_CONTAINER.test(path)) return []
  const { readable, writable } = accessOfOthers(found)
  return [
    ...(isSecret && readable ? [`${path} holds a secret and can be read by other users: chmod 600 it`] : []),
    ...(writable ? [`${path} can be changed by other users: chmod go-w it`] : []),
  ]
}
