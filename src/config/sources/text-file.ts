import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { InvalidValue } from '../fault.ts'

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
}

const CURE = 'Name a file that can be read.'

/** The text of a file, without a byte order mark. Throws an `InvalidValue` for a file that cannot be read. */
export async function readTextFile(path: string, signal?: AbortSignal): Promise<string> {
  const bytes = await readFile(path, { signal }).catch((error: NodeJS.ErrnoException) => {
    if (signal?.aborted) throw signal.reason
    throw new InvalidValue(PROBLEMS[`${error.code}`] ?? `cannot be read (${error.code})`, CURE)
  })
  // what Windows PowerShell writes by > is UTF-16; the byte order mark of either is left out
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes)
}

/** The same for a file that is read again and again, which a pipe or a terminal cannot be: it would keep us waiting. */
export async function readLastingFile(path: string, signal?: AbortSignal): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  if (found && !found.isFile() && !found.isDirectory()) throw new InvalidValue('is not a regular file', CURE)
  return readTextFile(path, signal)
}

/** A PEM file as text. Throws an `InvalidValue` for a file that cannot be read or holds no certificate. */
export async function readPemFile(path: string): Promise<string> {
  const text = await readLastingFile(path)
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new InvalidValue('holds no certificate', 'Name a PEM file with -----BEGIN CERTIFICATE-----.')
}

/** Where a certificate of a PEM file begins, by any of the names that OpenSSL takes. */
const BEGINNING = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g

/**
 * The text of a PEM file whose certificates are all good: Node.js would leave out one that is not, and all behind it,
 * without a word. Throws an `InvalidValue`.
 */
export async function readAuthorities(path: string): Promise<string> {
  const text = await readPemFile(path)
  const beginnings = [...text.matchAll(BEGINNING)]
  const bad = beginnings.findIndex(({ index }) => !isCertificate(text.slice(index)))
  if (bad < 0) return text
  throw new InvalidValue(
    `holds a certificate that cannot be read (the ${bad + 1}. of ${beginnings.length})`,
    'Replace it, or take it out.',
  )
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem) !== undefined
  } catch {
    return false
  }
}
