import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

/** What goes wrong with certificates; the message names the cure. */
export class TlsError extends Error {
  override readonly name = 'TlsError'
}

/** What a server shows to its clients, and the key to it. */
export interface Identity {
  /** Its certificate, and those that lead to an authority, in PEM. */
  readonly cert: string
  readonly key: KeyObject
}

/** TLS 1.2 and 1.3, with forward secrecy and authenticated encryption alone (RFC 9325, 3.1.1 and 4.2). */
const MODERN = {
  minVersion: 'TLSv1.2',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20',
} as const

/** What `node:tls` asks for. */
export function contextOptions({ cert, key }: Identity): SecureContextOptions {
  return { ...MODERN, cert, key: key.export({ type: 'pkcs8', format: 'pem' }) }
}

/** The identity in two PEM files. @throws {TlsError} saying which of the two is wrong, and how. */
export function readIdentity(certText: string, keyText: string): Identity {
  const key = attempt(() => createPrivateKey(keyText), 'the key is not a private key in PEM without a passphrase')
  const facts = attempt(() => new X509Certificate(certText), 'the certificate is not one in PEM')
  if (!facts.checkPrivateKey(key)) throw new TlsError('the key is not that of the certificate, which must come first')
  const identity = { cert: certText, key }
  attempt(() => createSecureContext(contextOptions(identity)), 'what follows the certificate is not one in PEM')
  return identity
}

function attempt<T>(work: () => T, problem: string): T {
  try {
    return work()
  } catch {
    throw new TlsError(problem)
  }
}
