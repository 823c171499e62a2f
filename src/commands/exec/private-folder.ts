import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../host.ts'

/** Memory that can be used as a folder: on Linux even where no file system can be written to. */
const SHARED_MEMORY = '/dev/shm'

/** Folders in which a private one can be made, the best first. On Windows anybody may make one of the last name. */
export function temporaryFolders({ env, system }: Pick<Host, 'env' | 'system'>): string[] {
  const others = system === 'win32' ? [] : [env.XDG_RUNTIME_DIR ?? '', SHARED_MEMORY]
  return [tmpdir(), ...others].filter(path => path !== '')
}

/**
 * Makes a folder that nobody else may look into, in the first of `places` that can be written to. Rejects with an Error
 * that names the cure where there is none.
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
  throw new Error(`no temporary file can be written to ${tried.join(' or ')}: set TMPDIR to a folder of yours`, {
    cause,
  })
}

/** Removes such a folder. What has to be left, as on Windows where somebody has a file open, is no failure. */
export async function removePrivateFolder(folder: string): Promise<void> {
  await Promise.allSettled([rm(folder, { recursive: true, force: true, maxRetries: 5 })])
}
