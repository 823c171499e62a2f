import { link, rm } from 'node:fs/promises'
import { writeAside } from '../../tls/write-aside.ts'

/** Only the owner may read and write. */
const PRIVATE = 0o600

/**
 * Writes new files that only this user can read: all of them, whole, or none.
 * @throws {Error} that names the cure if a file exists or cannot be written
 */
export async function writeNewFiles(files: ReadonlyMap<string, string>): Promise<void> {
  const written: string[] = []
  for (const [path, text] of files) {
    const failure = await writeNewFile(path, text).catch((error: NodeJS.ErrnoException) => error)
    if (failure) {
      for (const other of written) await rm(other, { force: true })
      throw failure.code === 'EEXIST' ? existing(path) : new Error(`cannot write ${path} (${failure.code})`)
    }
    written.push(path)
  }
}

/** Returns the error about a file that would have to be overwritten. */
export function existing(path: string): Error {
  return new Error(`${path} exists, and is not overwritten; choose another name with --file`)
}

async function writeNewFile(path: string, text: string): Promise<void> {
  const aside = await writeAside(path, text, PRIVATE)
  // unlike rename, link fails if the file exists
  await link(aside, path).finally(() => rm(aside, { force: true }))
}
