import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { Secret } from '../kernel/secret.ts'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** What a {@link Seal} is made of. */
export interface SealOptions {
  /** Names what is sealed, so that different things that one access key protects do not share a key. */
  readonly purpose: readonly string[]
  readonly accessKeyId: Secret
  readonly secretKey: Secret
}

/**
 * Encrypts what a fleet keeps in its store with AES-256-GCM. The key is derived from an access key (HKDF, RFC 5869), so
 * there is nothing to configure, and whoever reads the store learns nothing.
 */
export class Seal {
  /** Names the sealed record in the store. Only who has the access key can tell what it stands for. */
  readonly name: string
  readonly #key: Buffer

  constructor({ purpose, accessKeyId, secretKey }: SealOptions) {
    const context = JSON.stringify([...purpose, accessKeyId.reveal()])
    const derived = Buffer.from(hkdfSync('sha256', secretKey.reveal(), 'prismacloud-proxy fleet', '', 64))
    this.#key = createHmac('sha256', derived.subarray(0, 32)).update(context).digest()
    this.name = createHmac('sha256', derived.subarray(32)).update(context).digest('base64url')
  }

  /** Encrypts a value of JSON. A {@link Secret} in it is revealed to the cipher. */
  close(value: unknown): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(Buffer.from(this.name))
    const text = JSON.stringify(value, revealed)
    const sealed = Buffer.concat([cipher.update(text), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
  }

  /** Decrypts a value, or returns undefined if it was not sealed with this access key or has been changed. */
  open(sealed: string): unknown {
    const bytes = Buffer.from(sealed, 'base64')
    const [nonce, rest] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)]
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(Buffer.from(this.name)).setAuthTag(rest.subarray(0, TAG_BYTES))
      return JSON.parse(`${decipher.update(rest.subarray(TAG_BYTES), undefined, 'utf8')}${decipher.final('utf8')}`)
    } catch {
      return undefined
    }
  }
}

/** Replaces secrets with their values; JSON.stringify has already turned them into `[secret]` in `value`. */
function revealed(this: unknown, key: string, value: unknown): unknown {
  const original = Object(this)[key]
  return original instanceof Secret ? original.reveal() : value
}

/** Names a record of the store by what it belongs to. The name does not show that. */
export function recordName(...parts: readonly (string | Secret)[]): string {
  const texts = parts.map(part => (part instanceof Secret ? part.reveal() : part))
  return createHash('sha256').update(JSON.stringify(texts)).digest('base64url')
}
