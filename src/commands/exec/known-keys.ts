import type { Credentials, TenantConfig } from '../../config/config.ts'
import type { Secret } from '../../kernel/secret.ts'

/** A shorter access key id may be a user name, which appears in many places and is not secret. */
const SHORTEST_ID = 12

/** Collects the access keys and tokens that are read, to find them in environment variables. */
export class KnownKeys {
  readonly #secrets: Secret[]
  readonly #ids: Secret[] = []

  constructor(secrets: readonly Secret[]) {
    this.#secrets = [...secrets]
  }

  /** A copy of a tenant whose access key becomes known as soon as it is read. */
  watch(tenant: TenantConfig): TenantConfig {
    const { credentials } = tenant
    const read = async (signal?: AbortSignal) => this.#add(await credentials.read(signal))
    return { ...tenant, credentials: { ...credentials, read } }
  }

  /** Makes a function that tells whether a text is or contains, in any encoding, one of the secrets known by now. */
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

/** Reads the access keys of lazy tenants, which have not logged in yet, unless reading runs a command. Never rejects. */
export async function readWaitingKeys(tenants: Iterable<TenantConfig>): Promise<void> {
  const readable = [...tenants].filter(({ lazy, credentials }) => lazy && /^(fixed|file)$/.test(credentials.kind))
  // a key that cannot be read is reported when it is needed
  await Promise.all(readable.map(({ credentials }) => credentials.read().catch(() => {})))
}
