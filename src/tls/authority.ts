import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { DAY } from '../kernel/instant.ts'
import { COMPUTE_DOMAIN, isConsoleHost } from '../stacks/compute.ts'
import { stacks } from '../stacks/stacks.ts'
import type { Identity } from './identity.ts'
import {
  alternativeNames,
  authorityAbove,
  keyIdentifiers,
  keyUsage,
  makeCertificate,
  nameConstraints,
  serverUsage,
  spki,
} from './x509.ts'

/** How long a server certificate is valid, in milliseconds: 90 days. */
export const SERVER_LIFETIME = 90 * DAY

const AUTHORITY_LIFETIME = 10 * 365 * DAY

/** How far certificates are backdated, in milliseconds: clocks of containers and virtual machines may be behind. */
const SKEW = DAY

/** An elliptic curve that is fast and that every client supports. */
const CURVE = { namedCurve: 'P-256' }

/** The names that the CA may certify. Anyone who steals its key can impersonate no other hosts. */
const API_HOSTS = stacks.map(({ api }) => new URL(api).hostname)
const HOSTS = ['localhost', ...API_HOSTS, COMPUTE_DOMAIN]
const NETWORKS = ['127.0.0.0/8', '::1/128']

/** The host names by which clients choose a tenant. */
const BELOW_LOCALHOST = /^[a-z0-9-]{1,63}\.localhost$/

/**
 * Whether a host has a certificate of its own: an API host, a Compute console host, or a tenant's host below localhost.
 * `host` is in lower case.
 */
export function hasOwnCertificate(host: string): boolean {
  return API_HOSTS.includes(host) || isConsoleHost(host) || BELOW_LOCALHOST.test(host)
}

/**
 * The local CA: a root for clients to trust, and one CA below it that issues the server certificates. The key of the
 * root is discarded. There are two because some clients (Java) do not apply the name constraints of a root itself.
 */
export interface CertificateAuthority {
  /** The root certificate, in PEM. */
  readonly root: string
  /** The certificate of the CA below the root, in PEM. */
  readonly cert: string
  /** The private key of the CA below the root. */
  readonly key: KeyObject
}

/** Makes a local CA that is valid for ten years. `now` is wall time in milliseconds. */
export function makeAuthority(now: number): CertificateAuthority {
  const [rootKeys, caKeys] = [generateKeyPairSync('ec', CURVE), generateKeyPairSync('ec', CURVE)]
  const rootId = identifierOf(rootKeys.publicKey)
  const subject = `prismacloud-proxy local CA ${rootId.toString('hex', 0, 4)}`
  const common = {
    issuer: subject,
    signingKey: rootKeys.privateKey,
    notBefore: new Date(now - SKEW),
    notAfter: new Date(now + AUTHORITY_LIFETIME),
  }
  const extensionsOf = (authoritiesBelow: number, keyId: Buffer) => [
    authorityAbove(authoritiesBelow),
    keyUsage('keyCertSign'),
    serverUsage(),
    nameConstraints(HOSTS, NETWORKS),
    ...keyIdentifiers(keyId, rootId),
  ]
  return {
    root: makeCertificate({ ...common, subject, publicKey: rootKeys.publicKey, extensions: extensionsOf(1, rootId) }),
    cert: makeCertificate({
      ...common,
      subject: `${subject} for servers`,
      publicKey: caKeys.publicKey,
      extensions: extensionsOf(0, identifierOf(caKeys.publicKey)),
    }),
    key: caKeys.privateKey,
  }
}

/** Reads a local CA from a text of {@link authorityText}. Throws an Error for any other text. */
export function readAuthority(text: string): CertificateAuthority {
  const [cert = '', root = ''] = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []
  const [key, facts] = [createPrivateKey(text), new X509Certificate(cert)]
  if (!facts.checkPrivateKey(key) || !facts.checkIssued(new X509Certificate(root)))
    throw new Error('the key and the certificates do not belong together')
  return { root, cert, key }
}

/** Writes the key and the certificates of a local CA, in PEM. */
export function authorityText({ key, cert, root }: CertificateAuthority): string {
  return `${key.export({ type: 'pkcs8', format: 'pem' })}${cert}${root}`
}

/** Whether the CA outlives a server certificate that it issues at `now`. */
export function isLasting({ cert }: CertificateAuthority, now: number): boolean {
  return Date.parse(new X509Certificate(cert).validTo) - now > SERVER_LIFETIME
}

/** Issues a server certificate for host names and IP addresses, valid for {@link SERVER_LIFETIME}, with a new key. */
export function certify(
  { cert, key }: CertificateAuthority,
  hosts: readonly string[],
  addresses: readonly string[],
  now: number,
): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', CURVE)
  const issuer = new X509Certificate(cert)
  const serverCert = makeCertificate({
    subject: 'prismacloud-proxy',
    issuer: issuer.subject.replace(/^CN=/, ''),
    publicKey,
    signingKey: key,
    notBefore: new Date(now - SKEW),
    notAfter: new Date(now + SERVER_LIFETIME),
    extensions: [
      keyUsage('digitalSignature'),
      serverUsage(),
      alternativeNames(hosts, addresses),
      ...keyIdentifiers(identifierOf(publicKey), identifierOf(issuer.publicKey)),
    ],
  })
  return { cert: serverCert + cert, key: privateKey }
}

/** Computes a key identifier with the method of RFC 7093, 2. RFC 5280, 4.2.1.2 leaves the method open. */
function identifierOf(key: KeyObject): Buffer {
  return createHash('sha256').update(spki(key)).digest().subarray(0, 20)
}
