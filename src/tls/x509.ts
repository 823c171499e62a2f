import { type KeyObject, randomBytes, sign } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import * as asn from '@peculiar/asn1-x509'

/** The algorithm id of ECDSA signatures with SHA-256 (RFC 5758, 3.2). */
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'

/** The attribute type of common names (RFC 4519, 2.3). */
const COMMON_NAME = '2.5.4.3'

/** The contents of a certificate. */
export interface CertificateOptions {
  /** The common name of the subject. */
  readonly subject: string
  /** The common name of the issuer. */
  readonly issuer: string
  readonly publicKey: KeyObject
  /** The private key of the issuer, on an elliptic curve. */
  readonly signingKey: KeyObject
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: readonly asn.Extension[]
}

/** Makes and signs a certificate (RFC 5280, 4.1), in PEM. */
export function makeCertificate(options: CertificateOptions): string {
  const algorithm = new asn.AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 })
  const tbsCertificate = new asn.TBSCertificate({
    version: asn.Version.v3,
    serialNumber: bytes(serialNumber()),
    signature: algorithm,
    issuer: nameOf(options.issuer),
    validity: new asn.Validity(options),
    subject: nameOf(options.subject),
    subjectPublicKeyInfo: AsnConvert.parse(spki(options.publicKey), asn.SubjectPublicKeyInfo),
    extensions: new asn.Extensions([...options.extensions]),
  })
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), options.signingKey)
  const certificate = new asn.Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: bytes(signature),
  })
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}

/** Marks a CA that may have at most `pathLenConstraint` other CAs below it (RFC 5280, 4.2.1.9). */
export function authorityAbove(pathLenConstraint: number): asn.Extension {
  return extension(asn.id_ce_basicConstraints, new asn.BasicConstraints({ cA: true, pathLenConstraint }), true)
}

/** Restricts what the key may sign (RFC 5280, 4.2.1.3). */
export function keyUsage(flag: keyof typeof asn.KeyUsageFlags): asn.Extension {
  return extension(asn.id_ce_keyUsage, new asn.KeyUsage(asn.KeyUsageFlags[flag]), true)
}

/** Restricts the certificate to TLS servers (RFC 5280, 4.2.1.12). */
export function serverUsage(): asn.Extension {
  return extension(asn.id_ce_extKeyUsage, new asn.ExtendedKeyUsage([asn.id_kp_serverAuth]))
}

/**
 * Restricts the names in certificates below a CA to hosts with their subdomains, and to IP networks (RFC 5280,
 * 4.2.1.10).
 */
export function nameConstraints(hosts: readonly string[], networks: readonly string[]): asn.Extension {
  const bases = [...hosts.map(dNSName => ({ dNSName })), ...networks.map(iPAddress => ({ iPAddress }))]
  const subtrees = bases.map(base => new asn.GeneralSubtree({ base: new asn.GeneralName(base) }))
  const permittedSubtrees = new asn.GeneralSubtrees(subtrees)
  return extension(asn.id_ce_nameConstraints, new asn.NameConstraints({ permittedSubtrees }), true)
}

/** The host names and IP addresses that the certificate is for (RFC 5280, 4.2.1.6). */
export function alternativeNames(hosts: readonly string[], addresses: readonly string[]): asn.Extension {
  const names = [...hosts.map(dNSName => ({ dNSName })), ...addresses.map(iPAddress => ({ iPAddress }))]
  return extension(
    asn.id_ce_subjectAltName,
    new asn.SubjectAlternativeName(names.map(name => new asn.GeneralName(name))),
  )
}

/**
 * The identifiers of the certificate's key and of the key that signed it (RFC 5280, 4.2.1.1 and 4.2.1.2). Some clients
 * (Python 3.13) require both.
 */
export function keyIdentifiers(subject: Buffer, issuer: Buffer): asn.Extension[] {
  const issuerKeyId = new asn.AuthorityKeyIdentifier({ keyIdentifier: new asn.KeyIdentifier(bytes(issuer)) })
  return [
    extension(asn.id_ce_subjectKeyIdentifier, new asn.SubjectKeyIdentifier(bytes(subject))),
    extension(asn.id_ce_authorityKeyIdentifier, issuerKeyId),
  ]
}

/** Exports a public key in DER (SubjectPublicKeyInfo). */
export function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function extension(extnID: string, value: unknown, critical = false): asn.Extension {
  return new asn.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
}

function nameOf(utf8String: string): asn.Name {
  const commonName = new asn.AttributeTypeAndValue({ type: COMMON_NAME, value: new asn.AttributeValue({ utf8String }) })
  return new asn.Name([new asn.RelativeDistinguishedName([commonName])])
}

/** A random serial number, positive as RFC 5280, 4.1.2.2 requires. */
function serialNumber(): Buffer {
  return Buffer.concat([Buffer.from([1]), randomBytes(15)])
}

function bytes(buffer: Buffer): ArrayBuffer {
  return new Uint8Array(buffer).buffer
}
