import { readFile } from 'node:fs/promises'
import { InvalidValue } from './fault.ts'

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by this user',
}

/** The text of a file, without a byte order mark. Throws an `InvalidValue` for a file that cannot be read. */
export async function readTextFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new InvalidValue(
      PROBLEMS[`${error.code}`] ?? `cannot be read (${error.code})`,
      'Name a file that can be read.',
    )
  })
  return text.replace(/^\uFEFF/, '')
}

/** A PEM file as text. Throws an `InvalidValue` for a file that cannot be read or holds no certificate. */
export async function readPemFile(path: string): Promise<string> {
  const text = await readTextFile(path)
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new InvalidValue('holds no certificate', 'Name a PEM file with -----BEGIN CERTIFICATE-----.')
}
