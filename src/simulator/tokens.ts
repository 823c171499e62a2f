// Issues and verifies the JWTs of the simulated API.

import { createHmac, randomBytes } from 'node:crypto'

/** The user and tenant that a token identifies. */
export interface Session {
  /** The name of the user. */
  readonly sub: string
  readonly accessKeyId: string
  readonly customerName: string
  readonly prismaId: string
}

/** Whether a token is accepted now. Only a live token yields its session. */
export type TokenVerdict =
  | { readonly state: 'live'; readonly session: Session }
  | { readonly state: 'expired' }
  | { readonly state: 'invalid' }

// Tokens of the real API are about 1 KB long, and header limits and buffers must be exercised with that size.
const PADDING_BYTES = 300

interface Claims extends Session {
  /** When the token was issued, in whole seconds, as readers of JWTs expect (RFC 7519, 4.1.6). */
  readonly iat: number
  readonly exp: number
  /** The number of the token in order of issue. */
  readonly serial: number
  /**
   * When the token expires, in milliseconds since the epoch, so that it lives its full lifetime although `iat` is
   * rounded down.
   */
  readonly expiresAt: number
}

/** Issues JWTs and verifies them. Nothing is stored per token: the signed claims say all there is to know. */
export class Tokens {
  readonly #now: () => number
  readonly #key = randomBytes(32)
  #lifetime = 0
  #issued = 0
  #expiredUpTo = 0
  #revokedUpTo = 0

  /**
   * `now` is the API's clock; `lifetime` is in seconds.
   * @throws {RangeError} unless `lifetime` is an integer of at least 1
   */
  constructor(now: () => number, lifetime: number) {
    this.#now = now
    this.lifetime = lifetime
  }

  /** The lifetime of tokens issued from now on, in seconds. Setting an invalid one throws a RangeError. */
  get lifetime(): number {
    return this.#lifetime
  }

  set lifetime(seconds: number) {
    if (!Number.isInteger(seconds) || seconds < 1) throw new RangeError('seconds: must be an integer of at least 1')
    this.#lifetime = seconds
  }

  /** Issues a new token. Earlier tokens stay valid. */
  issue(session: Session): string {
    const now = this.#now()
    const iat = Math.floor(now / 1000)
    const own = { ...session, serial: ++this.#issued, expiresAt: now + this.#lifetime * 1000 }
    const claims: Claims = { ...filler(session), ...own, iat, exp: iat + this.#lifetime }
    const unsigned = `${encode({ alg: 'HS256' })}.${encode(claims)}`
    return `${unsigned}.${this.#sign(unsigned)}`
  }

  /** Verifies a token that a client sent, however malformed. */
  verify(token: string): TokenVerdict {
    const [header = '', payload = '', signature] = token.split('.', 3)
    if (signature !== this.#sign(`${header}.${payload}`)) return { state: 'invalid' }
    const claims: Claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (claims.serial <= this.#revokedUpTo) return { state: 'invalid' }
    if (claims.serial <= this.#expiredUpTo || this.#now() >= claims.expiresAt) return { state: 'expired' }
    const { sub, accessKeyId, customerName, prismaId } = claims
    return { state: 'live', session: { sub, accessKeyId, customerName, prismaId } }
  }

  /** Expires all tokens issued so far, whatever their `exp`. */
  expireAll(): void {
    this.#expiredUpTo = this.#issued
  }

  /** Revokes all tokens issued so far. */
  revokeAll(): void {
    this.#revokedUpTo = this.#issued
  }

  #sign(unsigned: string): string {
    return createHmac('sha256', this.#key).update(unsigned).digest('base64url')
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function filler({ customerName }: Session): object {
  return {
    iss: 'https://api.simulator.invalid',
    firstLogin: false,
    selectedCustomerName: customerName,
    isAccessKeyLogin: true,
    isSSOSession: false,
    userRoleTypeName: 'System Admin',
    userRoleTypeDetails: { hasOnlyReadAccess: false },
    restrict: 0,
    permissions: 'r'.repeat(PADDING_BYTES),
  }
}
