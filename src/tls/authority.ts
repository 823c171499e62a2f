import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { stacks } from '../stacks/stacks.ts'
import type { Identity } from './identity.ts'
import {
  alternativeNames,
  authorityConstraint,
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
const HOSTS = ['localhost', ...stacks.map(({ api }) => new URL(api).hostname)]
const NETWORKS = ['127.0.0.0/8', '::1/128']

/** A certificate authority of this machine. */
export interface Authority {
  /** Its certificate, in PEM. */
  readonly cert: string
  readonly key: KeyObject
  /** The same, to be asked. */
  readonly facts: X509Certificate
}

/** Makes an authority that is valid from now on, for ten years. */
export function makeAuthority(now: number): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', CURVE)
  const id = identifierOf(publicKey)
  const name = `prismacloud-proxy local CA ${id.toString('hex', 0, 4)}`
  const cert = makeCertificate({
    subject: name,
    issuer: name,
    publicKey,
    signingKey: privateKey,
    notBefore: new Date(now - SKEW),
    notAfter: new Date(now + AUTHORITY_LIFETIME),
    extensions: [
      authorityConstraint(),
      keyUsage('keyCertSign'),
      nameConstraints(HOSTS, NETWORKS),
      ...keyIdentifiers(id, id),
    ],
  })
  return { cert, key: privateKey, facts: new X509Certificate(cert) }
}

/** Reads an authority from the text that {@link authorityText} gave. Throws an Error for any other. */
export function readAuthority(text: string): Authority {
  const facts = new X509Certificate(text)
  return { cert: facts.toString(), key: createPrivateKey(text), facts }
}

/** The key and the certificate, in PEM. */
export function authorityText({ key, cert }: Authority): string {
  return `${key.export({ type: 'pkcs8', format: 'pem' })}${cert}`
}

/** Whether what the authority signs now is good for as long as it lives. */
export function isLasting({ facts }: Authority, now: number): boolean {
  return Date.parse(facts.validTo) - now > SERVER_LIFETIME
}

/** Certifies a server of host names and addresses, from now on for {@link SERVER_LIFETIME}. */
export function certify(
  authority: Authority,
  hosts: readonly string[],
  addresses: readonly string[],
  now: number,
): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', CURVE)
  const cert = makeCertificate({
    subject: 'prismacloud-proxy',
    issuer: authority.facts.subject.replace(/^CN=/, ''),
    publicKey,
    signingKey: authority.key,
    notBefore: new Date(now - SKEW),
    notAfter: new Date(now + SERVER_LIFETIME),
    extensions: [
      keyUsage('digitalSignature'),
      serverUsage(),
      alternativeNames(hosts, addresses),
      ...keyIdentifiers(identifierOf(publicKey), identifierOf(authority.facts.publicKey)),
    ],
  })
  return { cert, key: privateKey }
}

/** RFC 5280, 4.2.1.2 leaves open how; RFC 7093, 2 has this way. */
function identifierOf(key: KeyObject): Buffer {
  return createHash('sha256').update(spki(key)).digest().subarray(0, 20)
}
