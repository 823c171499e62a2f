import { randomBytes } from 'node:crypto'
import { link, lstat, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accessOfOthers } from '../kernel/file-access.ts'
import { authorityText, type CertificateAuthority, isLasting, makeAuthority, readAuthority } from './authority.ts'
import { TlsError } from './identity.ts'
import { makeFolder } from './make-folder.ts'

const REPLACE = 'replace it by prismacloud-proxy ca rotate'

/** An authority that is kept in files. */
export interface StoredAuthority extends CertificateAuthority {
  /** The file with the root, for clients to trust. */
  readonly rootFile: string
}

/** Gives the authority that is kept in a folder, and makes one if there is none. @throws {TlsError} */
export function openAuthority(folder: string, now: number): Promise<StoredAuthority> {
  return orTlsError(folder, async () => {
    await refuseUnsafe(folder)
    const authority = (await read(folder)) ?? (await makeFirst(folder, now))
    if (!isLasting(authority, now)) throw new TlsError(`The local CA in ${folder} ends soon: ${REPLACE}`)
    return publish(folder, authority)
  })
}

/** Makes an authority that takes the place of the one in the folder. @throws {TlsError} */
export function replaceAuthority(folder: string, now: number): Promise<StoredAuthority> {
  return orTlsError(folder, async () => {
    await refuseUnsafe(folder)
    const made = makeAuthority(now)
    await keep(folder, made, rename)
    return publish(folder, made)
  })
}

/** Whoever may write to the folder could put a CA of their own there, whose key they have. */
async function refuseUnsafe(folder: string): Promise<void> {
  const found = await lstat(folder).catch(unlessMissing)
  if (found === undefined) return
  const { owned, writable } = accessOfOthers(found)
  const reasons: [holds: boolean, reason: string][] = [
    [found.isSymbolicLink(), 'it is a symbolic link, which can lead elsewhere; set XDG_STATE_HOME instead'],
    [owned, 'it belongs to another user; set XDG_STATE_HOME to a folder of yours'],
    [writable, 'other users can write to it; chmod 700 it'],
  ]
  const [, reason] = reasons.find(([holds]) => holds) ?? []
  if (reason) throw new TlsError(`The local CA is not kept in ${folder}: ${reason}`)
}

async function makeFirst(folder: string, now: number): Promise<CertificateAuthority> {
  const made = makeAuthority(now)
  if (await keep(folder, made, link)) return made
  const other = await read(folder)
  if (other) return other
  throw new TlsError(`${keyFile(folder)} is a link that leads nowhere: remove it`)
}

async function read(folder: string): Promise<CertificateAuthority | undefined> {
  const path = keyFile(folder)
  const text = await readFile(path, 'utf8').catch(unlessMissing)
  if (text === undefined) return undefined
  const { owned, readable, writable } = accessOfOthers(await stat(path))
  if (owned || readable || writable)
    throw new TlsError(`${path} can be read by other users, who could use the key: chmod 600 it, or ${REPLACE}`)
  try {
    return readAuthority(text)
  } catch {
    throw new TlsError(`${path} does not hold the key and the certificates of a CA: ${REPLACE}`)
  }
}

/** Keeps key and certificates in one file, so that none is ever beside another's. Gives false where `put` finds one. */
async function keep(folder: string, authority: CertificateAuthority, put: typeof link): Promise<boolean> {
  await makeFolder(folder, 0o700)
  const written = await writeAside(keyFile(folder), authorityText(authority), 0o600)
  const failure = await put(written, keyFile(folder)).catch((error: NodeJS.ErrnoException) => error)
  await rm(written, { force: true })
  if (failure && failure.code !== 'EEXIST') throw failure
  return failure === undefined
}

async function publish(folder: string, authority: CertificateAuthority): Promise<StoredAuthority> {
  const rootFile = join(folder, 'ca.pem')
  const published = await readFile(rootFile, 'utf8').catch(unlessMissing)
  if (published !== authority.root) await rename(await writeAside(rootFile, authority.root, 0o644), rootFile)
  return { ...authority, rootFile }
}

/** Writes a file that is to be renamed, so that nobody finds half of it. */
async function writeAside(path: string, text: string, mode: number): Promise<string> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(aside, text, { mode, flag: 'wx' })
  return aside
}

function keyFile(folder: string): string {
  return join(folder, 'ca-key.pem')
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

async function orTlsError<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TlsError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new TlsError(`The local CA cannot be kept in ${folder} (${code}): set XDG_STATE_HOME to a folder of yours`, {
      cause: error,
    })
  }
}
