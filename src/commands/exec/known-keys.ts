import type { Credentials, TenantConfig } from '../../config/config.ts'
import type { Secret } from '../../kernel/secret.ts'

/** An access key's id of fewer characters may be a user's name, which stands in many places and is no secret. */
const SHORTEST_ID = 12

/** Access keys and tokens that were read, by which to know them where they turn up. */
export class KnownKeys {
  readonly #secrets: Secret[]
  readonly #ids: Secret[] = []

  constructor(secrets: readonly Secret[]) {
    this.#secrets = [...secrets]
  }

  /** The tenant as it is, but that its access key becomes known when it is read. */
  watch(tenant: TenantConfig): TenantConfig {
    const { credentials } = tenant
    const read = async (signal?: AbortSignal) => this.#add(await credentials.read(signal))
    return { ...tenant, credentials: { ...credentials, read } }
  }

  /** Gives what tells whether a text is one of the secrets that are known now, or holds one in whatever encoding. */
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

/** Reads the access keys of tenants that have not logged in yet, where reading runs no command. */
export async function readWaitingKeys(tenants: Iterable<TenantConfig>): Promise<void> {
  const readable = [...tenants].filter(({ lazy, credentials }) => lazy && /^(fixed|file)$/.test(credentials.kind))
  // what cannot be read now is told when it is needed
  await Promise.all(readable.map(({ credentials }) => credentials.read().catch(() => {})))
}
