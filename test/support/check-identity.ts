import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'

/**
 * Checks for a client of a test that a certificate is for its server, for `https` and `tls` options. IP addresses are
 * checked by OpenSSL: Node.js 22.23 takes `::1` and `0:0:0:0:0:0:0:1` for two addresses.
 */
export function checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  if (isIP(host) === 0 || new X509Certificate(certificate.raw).checkIP(host) === undefined)
    return checkServerIdentity(host, certificate)
  return undefined
}
