import { stat } from 'node:fs/promises'
import { accessOfOthers } from '../kernel/file-access.ts'
import { fieldOf } from './schema/keys.ts'
import type { Setting } from './schema/setting.ts'

/** The keys of files that contain a secret. */
const SECRET_FILES = new Set([
  'listen.clientTokenFile',
  'listen.tlsKeyFile',
  'fleet.redisPasswordFile',
  'fleet.redisKeyFile',
  'tokenFile',
  'secretKeyFile',
  'credentialsFile',
])

/**
 * Where container runtimes mount secrets. Only the container can see these files, and the runtime chooses their modes.
 */
const OF_THE_CONTAINER = /^(\/var)?\/run\/secrets\//

/**
 * Returns warnings about files that settings name: about those that other users can change, and secret ones that others
 * can read.
 */
export async function warningsOfFiles(settings: Iterable<Setting>): Promise<string[]> {
  const secret = new Map<string, boolean>()
  for (const { key, value } of settings) {
    const isFile = typeof value === 'string' && fieldOf(key)?.kind === 'file' && key !== 'audit.file'
    if (isFile) secret.set(value.trim(), SECRET_FILES.has(key) || secret.get(value.trim()) === true)
  }
  const warnings = await Promise.all([...secret].map(([path, isSecret]) => warningsOfFile(path, isSecret)))
  return warnings.flat()
}

/** Returns the warnings about one file. If it does not exist there are none, because that is reported elsewhere. */
async function warningsOfFile(path: string, isSecret: boolean): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found || OF_THE_CONTAINER.test(path)) return []
  const { readable, writable } = accessOfOthers(found)
  return [
    ...(isSecret && readable ? [`${path} contains a secret and can be read by other users; run chmod 600 on it`] : []),
    ...(writable ? [`${path} can be changed by other users; run chmod go-w on it`] : []),
  ]
}
