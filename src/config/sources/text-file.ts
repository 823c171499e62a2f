import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { InvalidValue } from '../fault.ts'

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'cannot be read (permission denied)',
  EPERM: 'cannot be read (permission denied)',
}

const CURE = 'name a file that this user can read'

/**
 * Reads the text of a file, without a byte order mark. Throws an `InvalidValue` if the file cannot be read, or the
 * reason of `signal` if that aborts.
 */
export async function readTextFile(path: string, signal?: AbortSignal): Promise<string> {
  const bytes = await readFile(path, { signal }).catch((error: NodeJS.ErrnoException) => {
    if (signal?.aborted) throw signal.reason
    throw new InvalidValue(PROBLEMS[`${error.code}`] ?? `cannot be read (${error.code})`, CURE)
  })
  // `>` in Windows PowerShell writes UTF-16; the decoder drops the byte order mark of both encodings
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes)
}

/**
 * Reads a file that will be read again later, as `readTextFile` does. Also throws an `InvalidValue` if it is not a
 * regular file: reading a pipe or terminal again would wait forever.
 */
export async function readLastingFile(path: string, signal?: AbortSignal): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  if (found && !found.isFile() && !found.isDirectory()) throw new InvalidValue('is not a regular file', CURE)
  return readTextFile(path, signal)
}

/** Reads the text of a PEM file. Throws an `InvalidValue` if it cannot be read or contains no certificate. */
export async function readPemFile(path: string): Promise<string> {
  const text = await readLastingFile(path)
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new InvalidValue('contains no certificate', 'name a PEM file with a line -----BEGIN CERTIFICATE-----')
}

/** The start of a certificate in a PEM file, with any of the labels that OpenSSL accepts. */
const BEGINNING = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g

/**
 * Reads the text of a PEM file and checks that every certificate in it is valid: Node.js silently drops an invalid one,
 * and all that follow it. Throws an `InvalidValue`.
 */
export async function readAuthorities(path: string): Promise<string> {
  const text = await readPemFile(path)
  const beginnings = [...text.matchAll(BEGINNING)]
  const bad = beginnings.findIndex(({ index }) => !isCertificate(text.slice(index)))
  if (bad < 0) return text
  throw new InvalidValue(
    `contains an invalid certificate (number ${bad + 1} of ${beginnings.length})`,
    'replace or remove it',
  )
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem) !== undefined
  } catch {
    return false
  }
}
