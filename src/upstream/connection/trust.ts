import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls'

/** The oldest version of TLS that is spoken (RFC 8996 forbids those before). */
const OLDEST = 'TLSv1.2'

/**
 * Whom every TLS connection to an upstream or outbound proxy trusts: what Node.js does, and the authorities in a PEM text
 * where one is given. All of it is said, for Node.js takes what is left out from NODE_TLS_REJECT_UNAUTHORIZED and
 * --tls-min-v1.0. Made once: reading the authorities again for each connection would cost more than its handshake.
 */
export function trusting(authorities: string | null): Pick<ConnectionOptions, 'rejectUnauthorized' | 'secureContext'> {
  const secureContext = createSecureContext({ minVersion: OLDEST })
  if (authorities !== null) alsoTrust(secureContext, authorities)
  return { rejectUnauthorized: true, secureContext }
}

/**
 * The option `ca` would take the place of all that Node.js trusts. Nothing tells what that is before 22.15, nor later where
 * OpenSSL's own authorities are trusted (--use-openssl-ca, and how Debian builds Node.js).
 */
function alsoTrust({ context }: SecureContext, authorities: string): void {
  const native: { addCACert(pem: string): void } = context
  native.addCACert(authorities)
}
