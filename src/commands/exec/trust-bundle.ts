import { readFile, writeFile } from 'node:fs/promises'
import * as tls from 'node:tls'
import type { Host } from '../host.ts'

/** The CAs that this process trusts. They include NODE_EXTRA_CA_CERTS if Node.js can list those (22.15 and later). */
const { getCACertificates: trustedByDefault = () => tls.rootCertificates } = tls as {
  readonly getCACertificates?: () => readonly string[]
}

/** Variables that name a file of CAs, which a client trusts in place of the system's. */
const REPLACING = ['PC_VERIFY', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'] as const

/**
 * The files with the system's CAs on Debian, Fedora, Alpine and macOS. They are not read on Windows, where anybody
 * could create such folders.
 */
const SYSTEM_BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem']

/**
 * Writes a PEM file with the CA in `rootFile` and all CAs that a command trusts by default. Both are needed, because
 * the variables that name such a file replace what clients trust by default.
 */
export async function writeTrustBundle(
  file: string,
  rootFile: string,
  { env, system }: Pick<Host, 'env' | 'system'>,
): Promise<void> {
  const parts = [...(await trusted(env, system)), await readFile(rootFile, 'utf8')]
  await writeFile(file, parts.join('\n'))
}

/** Returns the CAs in the files that the environment variables name, or else those of the system. */
async function trusted(env: Host['env'], system: NodeJS.Platform): Promise<string[]> {
  const extra = await readAll([env.NODE_EXTRA_CA_CERTS])
  const named = await readAll(REPLACING.map(name => env[name]))
  if (named.length > 0) return [...named, ...extra]
  const [ofSystem = trustedByDefault().join('\n')] = await readAll(system === 'win32' ? [] : SYSTEM_BUNDLES)
  return [ofSystem, ...extra]
}

/** Returns the texts of all files that can be read. A path that is given twice is read once. */
async function readAll(paths: readonly (string | undefined)[]): Promise<string[]> {
  const texts = [...new Set(paths)].map(path => (path ? readFile(path, 'utf8').catch(() => '') : ''))
  return (await Promise.all(texts)).filter(text => text !== '')
}
