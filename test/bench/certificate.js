import { KeyObject, webcrypto } from 'node:crypto'

// @peculiar/x509 asks for a polyfill of Reflect's metadata, though nothing that is used here carries any.
Object.assign(Reflect, { getMetadata: () => undefined, getOwnMetadata: () => undefined })
const x509 = await import('@peculiar/x509')

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const DAY = 24 * 60 * 60_000

/** The name in the certificate that stands for the address, for peers that look for no address there. */
export const SERVER_NAME = 'localhost'

/** A throwaway certificate of 127.0.0.1 that is its own authority, and its private key, in PEM. */
export async function makeCertificate() {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Throwaway server',
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: SERVER_NAME },
      ]),
    ],
  })
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' })
  return { cert: certificate.toString('pem'), key: key.toString() }
}
