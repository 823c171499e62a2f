import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'

const HEADER = encode({ alg: 'HS256', typ: 'JWT' })

/**
 * Issues short-lived JWTs (RFC 7519). Only the object that issued a token can verify it: the key is random and private.
 */
export class SignedTokens {
  readonly #clock: Clock
  readonly #lifetime: number
  readonly #key = randomBytes(32)

  /** `lifetime` is the validity of a token in seconds. */
  constructor(clock: Clock, lifetime: number) {
    this.#clock = clock
    this.#lifetime = lifetime
  }

  /** Issues a token for `subject`, valid from now on. */
  issue(subject: string): string {
    const iat = Math.floor(this.#clock.now() / 1000)
    const claims = { iss: 'prismacloud-proxy', sub: subject, iat, exp: iat + this.#lifetime, jti: randomUUID() }
    const unsigned = `${HEADER}.${encode(claims)}`
    return `${unsigned}.${this.#sign(unsigned).toString('base64url')}`
  }

  /** Returns the subject of a token, or undefined if this object did not issue it or it has expired. */
  subjectOf(token: string): string | undefined {
    const end = token.lastIndexOf('.')
    const unsigned = token.slice(0, end)
    const [own, shown] = [this.#sign(unsigned), Buffer.from(token.slice(end + 1), 'base64url')]
    if (own.length !== shown.length || !timingSafeEqual(own, shown)) return undefined
    const { sub, exp } = JSON.parse(Buffer.from(unsigned.slice(HEADER.length + 1), 'base64url').toString())
    return this.#clock.now() < exp * 1000 ? sub : undefined
  }

  #sign(unsigned: string): Buffer {
    return createHmac('sha256', this.#key).update(unsigned).digest()
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
