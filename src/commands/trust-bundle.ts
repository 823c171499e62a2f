import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import type { Host } from './host.ts'

/** Variables that name what a client trusts instead of what its system does. */
const INSTEAD = ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'] as const

/** What systems trust, and where they keep it (Debian, Fedora, Alpine and macOS). */
const OF_SYSTEMS = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
] as const

/**
 * Gives `work` a file with all that a command trusts already, and `rootFile` beside it: the variables that name such
 * files take the place of what clients trust otherwise. The file is gone when the work is done.
 */
export async function withTrustBundle<T>(
  rootFile: string,
  env: Host['env'],
  work: (file: string) => Promise<T>,
  ofSystems: readonly string[] = OF_SYSTEMS,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'prismacloud-proxy-'))
  try {
    const file = join(folder, 'trust.pem')
    const parts = [
      await trusted(env, ofSystems),
      await readIfAny(env.NODE_EXTRA_CA_CERTS),
      await readFile(rootFile, 'utf8'),
    ]
    await writeFile(file, parts.join('\n'))
    return await work(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function trusted(env: Host['env'], ofSystems: readonly string[]): Promise<string> {
  for (const path of [...INSTEAD.map(name => env[name]), ...ofSystems]) {
    const text = await readIfAny(path)
    if (text !== '') return text
  }
  return rootCertificates.join('\n')
}

async function readIfAny(path: string | undefined): Promise<string> {
  return path ? readFile(path, 'utf8').catch(() => '') : ''
}
