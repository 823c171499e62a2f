import { type KeyObject, randomBytes, sign } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import * as asn from '@peculiar/asn1-x509'

/** RFC 5758, 3.2. */
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'

/** RFC 4519, 2.3. */
const COMMON_NAME = '2.5.4.3'

export interface CertificateOptions {
  /** Common names. */
  readonly subject: string
  readonly issuer: string
  readonly publicKey: KeyObject
  /** The issuer's, on an elliptic curve. */
  readonly signingKey: KeyObject
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: readonly asn.Extension[]
}

/** Makes a certificate (RFC 5280, 4.1), in PEM. */
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

/** An authority, with so many others between it and a server at most. */
export function authorityAbove(pathLenConstraint: number): asn.Extension {
  return extension(asn.id_ce_basicConstraints, new asn.BasicConstraints({ cA: true, pathLenConstraint }), true)
}

/** What the key may sign. */
export function keyUsage(flag: keyof typeof asn.KeyUsageFlags): asn.Extension {
  return extension(asn.id_ce_keyUsage, new asn.KeyUsage(asn.KeyUsageFlags[flag]), true)
}

/** For servers alone. */
export function serverUsage(): asn.Extension {
  return extension(asn.id_ce_extKeyUsage, new asn.ExtendedKeyUsage([asn.id_kp_serverAuth]))
}

/** The only names that certificates below this one may be for: of hosts, with all names under them, and of networks. */
export function nameConstraints(hosts: readonly string[], networks: readonly string[]): asn.Extension {
  const bases = [...hosts.map(dNSName => ({ dNSName })), ...networks.map(iPAddress => ({ iPAddress }))]
  const subtrees = bases.map(base => new asn.GeneralSubtree({ base: new asn.GeneralName(base) }))
  const permittedSubtrees = new asn.GeneralSubtrees(subtrees)
  return extension(asn.id_ce_nameConstraints, new asn.NameConstraints({ permittedSubtrees }), true)
}

/** The names that the certificate is for. */
export function alternativeNames(hosts: readonly string[], addresses: readonly string[]): asn.Extension {
  const names = [...hosts.map(dNSName => ({ dNSName })), ...addresses.map(iPAddress => ({ iPAddress }))]
  return extension(
    asn.id_ce_subjectAltName,
    new asn.SubjectAlternativeName(names.map(name => new asn.GeneralName(name))),
  )
}

/** Which key the certificate has, and which one signed it; some clients (Python 3.13) insist on both. */
export function keyIdentifiers(subject: Buffer, authority: Buffer): asn.Extension[] {
  const ofAuthority = new asn.AuthorityKeyIdentifier({ keyIdentifier: new asn.KeyIdentifier(bytes(authority)) })
  return [
    extension(asn.id_ce_subjectKeyIdentifier, new asn.SubjectKeyIdentifier(bytes(subject))),
    extension(asn.id_ce_authorityKeyIdentifier, ofAuthority),
  ]
}

/** A public key in DER. */
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

/** Positive, as RFC 5280, 4.1.2.2 demands. */
function serialNumber(): Buffer {
  return Buffer.concat([Buffer.from([1]), randomBytes(15)])
}

function bytes(buffer: Buffer): ArrayBuffer {
  return new Uint8Array(buffer).buffer
}
