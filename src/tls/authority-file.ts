import { link, lstat, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { accessOfOthers } from '../kernel/file-access.ts'
import { authorityText, type CertificateAuthority, isLasting, makeAuthority, readAuthority } from './authority.ts'
import { TlsError } from './identity.ts'
import { makeFolder } from './make-folder.ts'
import { writeAside } from './write-aside.ts'

const ROTATE = 'run prismacloud-proxy ca rotate'

/** A local CA that is stored in a folder. */
export interface StoredAuthority extends CertificateAuthority {
  /** The path of the root certificate, for clients to trust. */
  readonly rootFile: string
}

/**
 * Reads the local CA from a folder, or makes one if there is none.
 * @throws {TlsError} if other users can change the folder or read the key, if the CA expires soon, or if a file
 *   operation fails
 */
export function openAuthority(folder: string, now: number): Promise<StoredAuthority> {
  return orTlsError(folder, async () => {
    await refuseUnsafe(folder)
    const ca = (await read(folder)) ?? (await makeFirst(folder, now))
    if (!isLasting(ca, now)) throw new TlsError(`the local CA in ${folder} expires soon: ${ROTATE}`)
    return publish(folder, ca)
  })
}

/**
 * Makes a new local CA that replaces the one in a folder.
 * @throws {TlsError} if other users can change the folder, or if a file operation fails
 */
export function replaceAuthority(folder: string, now: number): Promise<StoredAuthority> {
  return orTlsError(folder, async () => {
    await refuseUnsafe(folder)
    const ca = makeAuthority(now)
    await store(folder, ca, rename)
    return publish(folder, ca)
  })
}

/** Refuses a folder that others can write to: they could put a CA there whose key they have. */
async function refuseUnsafe(folder: string): Promise<void> {
  const found = await lstat(folder).catch(unlessMissing)
  if (found === undefined) return
  const { owned, writable } = accessOfOthers(found)
  const reasons: [holds: boolean, reason: string][] = [
    [found.isSymbolicLink(), 'it is a symbolic link, which may lead elsewhere; set XDG_STATE_HOME instead'],
    [owned, 'it belongs to another user; set XDG_STATE_HOME to a folder that you own'],
    [writable, 'other users can write to it; chmod 700 it'],
  ]
  const [, reason] = reasons.find(([holds]) => holds) ?? []
  if (reason) throw new TlsError(`cannot use the local CA in ${folder}: ${reason}`)
}

async function makeFirst(folder: string, now: number): Promise<CertificateAuthority> {
  const made = makeAuthority(now)
  if (await store(folder, made, link)) return made
  // another process has made one meanwhile
  const other = await read(folder)
  if (other) return other
  throw new TlsError(`${keyFile(folder)} is a dangling symbolic link: remove it`)
}

async function read(folder: string): Promise<CertificateAuthority | undefined> {
  const path = keyFile(folder)
  const text = await readFile(path, 'utf8').catch(unlessMissing)
  if (text === undefined) return undefined
  const { owned, readable, writable } = accessOfOthers(await stat(path))
  if (owned || readable || writable)
    throw new TlsError(`other users can read ${path} and use the key: chmod 600 it, or ${ROTATE}`)
  try {
    return readAuthority(text)
  } catch {
    throw new TlsError(`${path} does not contain the key and certificates of a CA: ${ROTATE}`)
  }
}

/**
 * Stores key and certificates in one file, so that they always belong together. `put` moves the finished file to its
 * place. Returns false if `put` finds a file there.
 */
async function store(folder: string, ca: CertificateAuthority, put: typeof link): Promise<boolean> {
  await makeFolder(folder, 0o700)
  const written = await writeAside(keyFile(folder), authorityText(ca), 0o600)
  const failure = await put(written, keyFile(folder)).catch((error: NodeJS.ErrnoException) => error)
  await rm(written, { force: true })
  if (failure && failure.code !== 'EEXIST') throw failure
  return failure === undefined
}

/** Writes the root certificate for clients, unless it is there already. */
async function publish(folder: string, ca: CertificateAuthority): Promise<StoredAuthority> {
  const rootFile = join(folder, 'ca.pem')
  const published = await readFile(rootFile, 'utf8').catch(unlessMissing)
  if (published !== ca.root) await rename(await writeAside(rootFile, ca.root, 0o644), rootFile)
  return { ...ca, rootFile }
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
    throw new TlsError(
      `cannot store the local CA in ${folder} (${code}): set XDG_STATE_HOME to a folder that you own`,
      {
        cause: error,
      },
    )
  }
}
