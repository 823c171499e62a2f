import { randomBytes } from 'node:crypto'

/** Longer than any run, in seconds. */
const LIFETIME = 24 * 60 * 60

/** Bytes that make a token as long as the vendor's, about a kilobyte. */
const PADDING = 600

/** A token in the form of the vendor's, which lives for so many seconds. */
export function makeToken(lifetime = LIFETIME) {
  const iat = Math.floor(Date.now() / 1000)
  const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = part({ sub: 'bench', iat, exp: iat + lifetime, roles: randomBytes(PADDING).toString('base64') })
  return `${part({ alg: 'HS256' })}.${claims}.${randomBytes(32).toString('base64url')}`
}
