import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from './certificate.js'

/** A folder that goes with the process, with a throwaway certificate and its key in `cert.pem` and `key.pem`. */
export async function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const { cert, key } = await makeCertificate()
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key)
  return { folder, cert, certFile, keyFile }
}
