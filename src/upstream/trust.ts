import * as tls from 'node:tls'

/** The oldest version of TLS that is spoken (RFC 8996 forbids those before). */
const OLDEST = 'TLSv1.2'

/** What `tls.connect` is told of whom to trust. */
export type Trust = Required<Pick<tls.ConnectionOptions, 'rejectUnauthorized' | 'secureContext'>>

/** What this process trusts, with NODE_EXTRA_CA_CERTS where Node.js tells of them (22.15 and later). */
export const { getCACertificates: trustedByDefault = () => tls.rootCertificates } = tls as {
  readonly getCACertificates?: () => readonly string[]
}

/**
 * Whom every TLS connection to an upstream or outbound proxy trusts: what Node.js does, and the authorities in a PEM text
 * where one is given. All of it is said, for Node.js takes what is left out from NODE_TLS_REJECT_UNAUTHORIZED and
 * --tls-min-v1.0. Made once: reading the roots again for each connection would cost more than its handshake.
 */
export function trusting(authorities: string | null): Trust {
  const ca = authorities === null ? {} : { ca: [...trustedByDefault(), authorities] }
  return { rejectUnauthorized: true, secureContext: tls.createSecureContext({ minVersion: OLDEST, ...ca }) }
}
