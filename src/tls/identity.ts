import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

/** A certificate, a key or the local CA cannot be used. The message says why, and what to do if that is not obvious. */
export class TlsError extends Error {
  override readonly name = 'TlsError'
}

/** A server's certificate with its private key. */
export interface Identity {
  /** The certificate, followed by those of its CAs up to the root, in PEM. */
  readonly cert: string
  readonly key: KeyObject
}

/** TLS 1.2 and 1.3, only with forward secrecy and authenticated encryption (RFC 9325, 3.1.1 and 4.2). */
const MODERN = {
  minVersion: 'TLSv1.2',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20',
} as const

/** Returns the options of a `node:tls` secure context for an identity. */
export function contextOptions({ cert, key }: Identity): SecureContextOptions {
  return { ...MODERN, cert, key: key.export({ type: 'pkcs8', format: 'pem' }) }
}

/**
 * Parses the PEM texts of a certificate chain and its private key.
 * @throws {TlsError} if either is invalid or they do not match
 */
export function readIdentity(certText: string, keyText: string): Identity {
  const key = attempt(() => createPrivateKey(keyText), 'the key is not a PEM private key without a passphrase')
  const facts = attempt(() => new X509Certificate(certText), 'the certificate is not a PEM certificate')
  if (!facts.checkPrivateKey(key)) throw new TlsError('the key does not match the first certificate')
  const identity = { cert: certText, key }
  attempt(
    () => createSecureContext(contextOptions(identity)),
    'the certificate chain is not valid PEM after the first certificate',
  )
  return identity
}

function attempt<T>(work: () => T, problem: string): T {
  try {
    return work()
  } catch {
    throw new TlsError(problem)
  }
}
