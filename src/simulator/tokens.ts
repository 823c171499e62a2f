import { createHmac, randomBytes } from 'node:crypto'

/** Whom a token stands for. */
export interface Session {
  readonly accessKeyId: string
  readonly customerName: string
  readonly prismaId: string
}

/** What a token is worth now. Only a live one tells whose it is. */
export type TokenVerdict =
  | { readonly state: 'live'; readonly session: Session }
  | { readonly state: 'expired' }
  | { readonly state: 'invalid' }

// A user of the real API holds tokens of about 1 KB; header limits and buffers must meet that size here too.
const PADDING_BYTES = 300

interface Claims extends Session {
  /** Whole seconds, as RFC 7519 readers expect them. */
  readonly iat: number
  readonly exp: number
  /** The order of issue. */
  readonly serial: number
  /** Milliseconds: a token lives its whole lifetime, though `iat` is rounded down. */
  readonly expiresAt: number
}

/** Issues JWTs and judges them. Nothing is stored for a token: what it is worth stands in it, under a signature. */
export class Tokens {
  readonly #now: () => number
  readonly #key = randomBytes(32)
  #lifetime = 0
  #issued = 0
  #expiredUpTo = 0
  #revokedUpTo = 0

  /** `now` is the vendor's clock; `lifetime` is in seconds, a whole number from 1 up, else a RangeError is thrown. */
  constructor(now: () => number, lifetime: number) {
    this.#now = now
    this.lifetime = lifetime
  }

  /** The lifetime, in seconds, of the tokens issued from now on. Setting anything but 1, 2, … throws a RangeError. */
  get lifetime(): number {
    return this.#lifetime
  }

  set lifetime(seconds: number) {
    if (!Number.isInteger(seconds) || seconds < 1) throw new RangeError('seconds: must be a whole number, at least 1')
    this.#lifetime = seconds
  }

  /** A new token. Those issued before stay as good as they were. */
  issue(session: Session): string {
    const now = this.#now()
    const iat = Math.floor(now / 1000)
    const own = { ...session, serial: ++this.#issued, expiresAt: now + this.#lifetime * 1000 }
    const claims: Claims = { ...filler(session), ...own, iat, exp: iat + this.#lifetime }
    const unsigned = `${encode({ alg: 'HS256' })}.${encode(claims)}`
    return `${unsigned}.${this.#sign(unsigned)}`
  }

  /** Judges whatever was sent as a token. */
  judge(token: string): TokenVerdict {
    const [header = '', payload = '', signature] = token.split('.', 3)
    if (signature !== this.#sign(`${header}.${payload}`)) return { state: 'invalid' }
    const claims: Claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (claims.serial <= this.#revokedUpTo) return { state: 'invalid' }
    if (claims.serial <= this.#expiredUpTo || this.#now() >= claims.expiresAt) return { state: 'expired' }
    const { accessKeyId, customerName, prismaId } = claims
    return { state: 'live', session: { accessKeyId, customerName, prismaId } }
  }

  /** Makes every token issued so far an expired one, whatever its `exp` says. */
  expireAll(): void {
    this.#expiredUpTo = this.#issued
  }

  /** Makes every token issued so far an unknown one. */
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

function filler({ accessKeyId, customerName }: Session): object {
  return {
    sub: accessKeyId,
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
