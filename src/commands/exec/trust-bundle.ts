import { readFile, writeFile } from 'node:fs/promises'
import * as tls from 'node:tls'
import type { Host } from '../host.ts'

/** What this process trusts, with NODE_EXTRA_CA_CERTS where Node.js tells of them (22.15 and later). */
const { getCACertificates: trustedByDefault = () => tls.rootCertificates } = tls as {
  readonly getCACertificates?: () => readonly string[]
}

/** Variables that name what a client trusts instead of what its system does. */
const INSTEAD = ['PC_VERIFY', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'] as const

/** Where systems keep what they trust (Debian, Fedora, Alpine and macOS). On Windows anybody may make such folders. */
const OF_SYSTEMS = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem']

/**
 * Writes a file with all that a command trusts already, and `rootFile` beside it: the variables that name such files take
 * the place of what clients trust otherwise.
 */
export async function writeTrustBundle(
  file: string,
  rootFile: string,
  { env, system }: Pick<Host, 'env' | 'system'>,
): Promise<void> {
  const parts = [...(await trusted(env, system)), await readFile(rootFile, 'utf8')]
  await writeFile(file, parts.join('\n'))
}

/** All that one of the variables names; else what the system does. */
async function trusted(env: Host['env'], system: NodeJS.Platform): Promise<string[]> {
  const extra = await readAll([env.NODE_EXTRA_CA_CERTS])
  const named = await readAll(INSTEAD.map(name => env[name]))
  if (named.length > 0) return [...named, ...extra]
  const [ofSystem = trustedByDefault().join('\n')] = await readAll(system === 'win32' ? [] : OF_SYSTEMS)
  return [ofSystem, ...extra]
}

/** What there is of files, each once. */
async function readAll(paths: readonly (string | undefined)[]): Promise<string[]> {
  const texts = [...new Set(paths)].map(path => (path ? readFile(path, 'utf8').catch(() => '') : ''))
  return (await Promise.all(texts)).filter(text => text !== '')
}
