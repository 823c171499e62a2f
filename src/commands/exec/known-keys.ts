import type { Credentials, TenantConfig } from '../../config/config.ts'
import type { Secret } from '../../kernel/secret.ts'

/**
 * The shortest access key ID to search for, in characters. A shorter one may be a user name, which appears in many
 * places and is not secret.
 */
const SHORTEST_ID = 12

/** Collects the access keys and tokens that are read, so that they can be found in environment variables. */
export class KnownKeys {
  readonly #secrets: Secret[]
  readonly #ids: Secret[] = []

  constructor(secrets: readonly Secret[]) {
    this.#secrets = [...secrets]
  }

  /** Returns a copy of a tenant that adds its access key to the known ones as soon as it is read. */
  watch(tenant: TenantConfig): TenantConfig {
    const { credentials } = tenant
    const read = async (signal?: AbortSignal) => this.#add(await credentials.read(signal))
    return { ...tenant, credentials: { ...credentials, read } }
  }

  /** Makes a function that tells whether a text is one of the secrets known so far, or contains one in any encoding. */
  finder(): (text: string) => boolean {
    const finders = [...this.#secrets.map(secret => secret.finder()), ...this.#ids.map(id => id.finder(SHORTEST_ID))]
    return text => this.#secrets.some(secret => secret.matches(text.trim())) || finders.some(isIn => isIn(text))
  }

  #add(key: Credentials): Credentials {
    this.#secrets.push(key.secretKey)
    this.#ids.push(key.accessKeyId)
    return key
  }
}

/**
 * Reads the access keys of lazy tenants, which have not logged in yet, except those that a command would have to print.
 * Never rejects.
 */
export async function readWaitingKeys(tenants: Iterable<TenantConfig>): Promise<void> {
  const readable = [...tenants].filter(({ lazy, credentials }) => lazy && /^(fixed|file)$/.test(credentials.kind))
  // a key that cannot be read is reported when it is needed
  await Promise.all(readable.map(({ credentials }) => credentials.read().catch(() => {})))
}
