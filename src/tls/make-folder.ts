import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, and those above it that are missing, each with that mode. Rejects as `fs.mkdir` does. Its own
 * `recursive` never comes to an end below /proc, where a folder is missing though the one above it is there.
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const first = await makeOne(path, mode)
  if (first?.code !== 'ENOENT' || dirname(path) === path) return orThrow(first)
  await makeFolder(dirname(path), mode)
  orThrow(await makeOne(path, mode))
}

/** Gives what went wrong, which a folder that is there already is not. */
async function makeOne(path: string, mode: number): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path, { mode })
    return undefined
  } catch (error) {
    const isThere = await stat(path).then(
      found => found.isDirectory(),
      () => false,
    )
    return isThere ? undefined : (error as NodeJS.ErrnoException)
  }
}

function orThrow(error: Error | undefined): void {
  if (error) throw error
}
