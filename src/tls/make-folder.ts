import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Creates a folder and its missing parents, each with `mode`. Does nothing if it exists. Rejects with the error of
 * `fs.mkdir`, whose `recursive` option is not used because it never returns below /proc, where creating a folder fails
 * although its parent exists.
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const failure = await makeOne(path, mode)
  if (failure?.code !== 'ENOENT' || dirname(path) === path) return orThrow(failure)
  await makeFolder(dirname(path), mode)
  orThrow(await makeOne(path, mode))
}

/** Creates one folder and resolves with the error, if any. An existing folder is not an error. */
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
