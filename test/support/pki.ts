import { KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'

// @peculiar/x509 asks for a polyfill of Reflect's metadata, though nothing that is used here carries any.
Object.assign(Reflect, { getMetadata: () => undefined, getOwnMetadata: () => undefined })
const x509 = await import('@peculiar/x509')

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const DAY = 24 * 60 * 60_000

/** A throwaway authority. */
export interface Ca {
  /** Its certificate, in PEM. */
  readonly cert: string
  /** Its name as its leaves' issuer: `CN=Throwaway CA`. */
  readonly name: string
  readonly privateKey: webcrypto.CryptoKey
}

/** A certificate and its private key, in PEM; what `node:tls` takes. */
export interface Certified {
  readonly cert: string
  readonly key: string
}

/** What a certificate is for. */
export interface LeafOptions {
  /** Host names and IP addresses. */
  readonly names: readonly string[]
  /** Default: yesterday. */
  readonly notBefore?: Date
  /** Default: tomorrow. */
  readonly notAfter?: Date
}

/** Makes an authority, valid for a year both ways. */
export async function makeCa(name = 'CN=Throwaway CA'): Promise<Ca> {
  const keys = await makeKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name,
    notBefore: inDays(-365),
    notAfter: inDays(365),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  return { cert: certificate.toString('pem'), name, privateKey: keys.privateKey }
}

/** Issues a server's certificate with a new key. */
export async function issue(ca: Ca, { names, notBefore, notAfter }: LeafOptions): Promise<Certified> {
  const keys = await makeKeys()
  const subjectNames = names.map(value => ({ type: isIP(value) ? 'ip' : 'dns', value }) as const)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=Throwaway server',
    issuer: ca.name,
    notBefore: notBefore ?? inDays(-1),
    notAfter: notAfter ?? inDays(1),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: ca.privateKey,
    extensions: [new x509.SubjectAlternativeNameExtension(subjectNames)],
  })
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' })
  return { cert: certificate.toString('pem'), key: key.toString() }
}

/** The moment so many days from now. */
export function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY)
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

/** Positive, as RFC 5280, 4.1.2.2 demands. */
function serialNumber(): string {
  return `01${randomBytes(8).toString('hex')}`
}
