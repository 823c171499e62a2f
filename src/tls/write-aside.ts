import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'

/**
 * Writes a temporary file next to `path`, to be renamed or linked to it, so that a reader never finds half a file.
 * Returns its path. Rejects with the system's error.
 */
export async function writeAside(path: string, text: string, mode: number): Promise<string> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(aside, text, { mode, flag: 'wx' })
  return aside
}
