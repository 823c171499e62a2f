import { cpSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from './process.ts'

/** The project's folder. */
export const PROJECT = resolve(import.meta.dirname, '../..')

/** Copies into a folder what a clone of the project would hold, if it were committed as it is. */
export async function cloneInto(folder: string): Promise<void> {
  const { stdout } = await run('git', ['-C', PROJECT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'])
  const paths = stdout.split('\0').filter(path => path !== '' && existsSync(join(PROJECT, path)))
  for (const path of paths) cpSync(join(PROJECT, path), join(folder, path))
}
