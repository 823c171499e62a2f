import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls'

/** The oldest TLS version in use; RFC 8996 forbids those before. */
const OLDEST = 'TLSv1.2'

/**
 * The TLS options of every connection to an upstream, outbound proxy or Redis: certificates are verified against the CAs that
 * Node.js trusts and those of a PEM text, if there is one. `identity` is a client certificate and its key, in PEM. All options are set because Node.js takes missing ones from
 * NODE_TLS_REJECT_UNAUTHORIZED and --tls-min-v1.0. Call it once for many connections: parsing the CAs takes longer than
 * a handshake.
 */
export function tlsOptions(
  authorities: string | null,
  identity: { readonly cert: string; readonly key: string } | null = null,
): Pick<ConnectionOptions, 'rejectUnauthorized' | 'secureContext'> {
  const secureContext = createSecureContext({ minVersion: OLDEST, ...identity })
  if (authorities !== null) alsoTrust(secureContext, authorities)
  return { rejectUnauthorized: true, secureContext }
}

/**
 * Adds to the CAs that Node.js trusts. The option `ca` would replace them, and they cannot be listed: not at all before
 * Node.js 22.15, nor later if Node.js trusts OpenSSL's own CAs (--use-openssl-ca, and Debian's build).
 */
function alsoTrust({ context }: SecureContext, authorities: string): void {
  const native: { addCACert(pem: string): void } = context
  native.addCACert(authorities)
}
