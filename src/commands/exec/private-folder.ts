import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../host.ts'

/** A file system in memory, which is writable on Linux even if all others are read-only. */
const SHARED_MEMORY = '/dev/shm'

/**
 * Returns the folders for temporary files, the best one first. On Windows it returns only that one, because anybody
 * could create `/dev/shm` there.
 */
export function temporaryFolders({ env, system }: Pick<Host, 'env' | 'system'>): string[] {
  const others = system === 'win32' ? [] : [env.XDG_RUNTIME_DIR ?? '', SHARED_MEMORY]
  return [tmpdir(), ...others].filter(path => path !== '')
}

/**
 * Creates a folder that only this user can read, in the first of `places` that is writable. If none is, rejects with an
 * Error that names the fix.
 */
export async function makePrivateFolder(places: readonly string[]): Promise<string> {
  const tried: string[] = []
  let cause: unknown
  for (const place of places) {
    try {
      return await mkdtemp(join(place, 'prismacloud-proxy-'))
    } catch (error) {
      cause = error
      tried.push(`${place} (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  throw new Error(`cannot create a folder in ${tried.join(' or ')}; set TMPDIR to a folder that you can write to`, {
    cause,
  })
}

/**
 * Removes a folder and its content. Files that cannot be removed, such as open ones on Windows, are left without an
 * error.
 */
export async function removePrivateFolder(folder: string): Promise<void> {
  await Promise.allSettled([rm(folder, { recursive: true, force: true, maxRetries: 5 })])
}
