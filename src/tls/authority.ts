import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
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

const DAY = 24 * 60 * 60_000

/** How long a certificate of a server is good for, in milliseconds. */
export const SERVER_LIFETIME = 90 * DAY

const AUTHORITY_LIFETIME = 10 * 365 * DAY

/** Clocks of containers and virtual machines may be behind, in milliseconds. */
const SKEW = DAY

/** Of an elliptic curve, because every client knows it and it is quick. */
const CURVE = { namedCurve: 'P-256' }

/** What the authority may vouch for: whoever steals its key can pose as nobody else. */
const API_HOSTS = stacks.map(({ api }) => new URL(api).hostname)
const HOSTS = ['localhost', ...API_HOSTS, COMPUTE_DOMAIN]
const NETWORKS = ['127.0.0.0/8', '::1/128']

/** Tenants are told apart by such names. */
const BELOW_LOCALHOST = /^[a-z0-9-]{1,63}\.localhost$/

/** Whether a host, in lower case, is the API's, a console's or a tenant's below localhost: each has a certificate of its own. */
export function hasOwnCertificate(host: string): boolean {
  return API_HOSTS.includes(host) || isConsoleHost(host) || BELOW_LOCALHOST.test(host)
}

/**
 * A certificate authority of this machine: a root for clients to trust, whose key nobody has any more, and the one
 * authority that it vouches for. Some clients (Java's) do not hold the root itself to the names that it is for.
 */
export interface CertificateAuthority {
  /** The certificate of the root, in PEM. */
  readonly root: string
  /** The certificate of the authority below it, in PEM. */
  readonly cert: string
  /** The key of that. */
  readonly key: KeyObject
}

/** Makes an authority that is valid from now on, for ten years. */
export function makeAuthority(now: number): CertificateAuthority {
  const [top, below] = [generateKeyPairSync('ec', CURVE), generateKeyPairSync('ec', CURVE)]
  const id = identifierOf(top.publicKey)
  const subject = `prismacloud-proxy local CA ${id.toString('hex', 0, 4)}`
  const common = {
    issuer: subject,
    signingKey: top.privateKey,
    notBefore: new Date(now - SKEW),
    notAfter: new Date(now + AUTHORITY_LIFETIME),
  }
  const extensionsOf = (above: number, ownId: Buffer) => [
    authorityAbove(above),
    keyUsage('keyCertSign'),
    serverUsage(),
    nameConstraints(HOSTS, NETWORKS),
    ...keyIdentifiers(ownId, id),
  ]
  return {
    root: makeCertificate({ ...common, subject, publicKey: top.publicKey, extensions: extensionsOf(1, id) }),
    cert: makeCertificate({
      ...common,
      subject: `${subject} for servers`,
      publicKey: below.publicKey,
      extensions: extensionsOf(0, identifierOf(below.publicKey)),
    }),
    key: below.privateKey,
  }
}

/** Reads an authority from the text that {@link authorityText} gave. Throws an Error for any other. */
export function readAuthority(text: string): CertificateAuthority {
  const [cert = '', root = ''] = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []
  const [key, facts] = [createPrivateKey(text), new X509Certificate(cert)]
  if (!facts.checkPrivateKey(key) || !facts.checkIssued(new X509Certificate(root))) throw new Error('no authority')
  return { root, cert, key }
}

/** The key and the certificates, in PEM. */
export function authorityText({ key, cert, root }: CertificateAuthority): string {
  return `${key.export({ type: 'pkcs8', format: 'pem' })}${cert}${root}`
}

/** Whether what the authority signs now is good for as long as it lives. */
export function isLasting({ cert }: CertificateAuthority, now: number): boolean {
  return Date.parse(new X509Certificate(cert).validTo) - now > SERVER_LIFETIME
}

/** Certifies a server of host names and addresses, from now on for {@link SERVER_LIFETIME}. */
export function certify(
  { cert, key }: CertificateAuthority,
  hosts: readonly string[],
  addresses: readonly string[],
  now: number,
): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', CURVE)
  const authority = new X509Certificate(cert)
  const own = makeCertificate({
    subject: 'prismacloud-proxy',
    issuer: authority.subject.replace(/^CN=/, ''),
    publicKey,
    signingKey: key,
    notBefore: new Date(now - SKEW),
    notAfter: new Date(now + SERVER_LIFETIME),
    extensions: [
      keyUsage('digitalSignature'),
      serverUsage(),
      alternativeNames(hosts, addresses),
      ...keyIdentifiers(identifierOf(publicKey), identifierOf(authority.publicKey)),
    ],
  })
  return { cert: own + cert, key: privateKey }
}

/** RFC 5280, 4.2.1.2 leaves open how; RFC 7093, 2 has this way. */
function identifierOf(key: KeyObject): Buffer {
  return createHash('sha256').update(spki(key)).digest().subarray(0, 20)
}
