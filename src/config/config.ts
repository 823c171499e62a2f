import type { Secret } from '../kernel/secret.ts'
import type { Api } from '../stacks/resolve.ts'
import type { OutboundProxy } from './network/outbound.ts'
import type { Policy } from './policy.ts'
import type { Settings } from './schema/schema.ts'

/** An access key: what a login needs. */
export interface Credentials {
  readonly accessKeyId: Secret
  readonly secretKey: Secret
}

/** Where a tenant's access key comes from. */
export interface CredentialSource {
  /** For people: `environment PC_IDENTITY/PC_SECRET`, `file /run/secrets/key`, `command op`. Never a secret. */
  readonly origin: string
  /**
   * - `fixed`: the key stands in the configuration.
   * - `file`: it changes when the file does.
   * - `command`: nobody knows when it changes, and finding out costs something.
   * - `changing`: the same, and it is good for one login.
   */
  readonly kind: 'fixed' | 'file' | 'command' | 'changing'
  /**
   * Reads the key again, each time. Throws a `CredentialsError`, whose message holds no secret. What is still going on
   * when `signal` aborts is ended.
   */
  read(signal?: AbortSignal): Promise<Credentials>
}

/** One tenant, ready to log in. */
export interface TenantConfig {
  readonly name: string
  readonly api: Api
  readonly credentials: CredentialSource
  readonly prismaId: string | null
  readonly customerName: string | null
  /** Log in at the first request instead of at start. */
  readonly lazy: boolean
  /** Null where everything may be asked. */
  readonly policy: Policy | null
}

/** Who must show which token, and what may be asked with it. */
export interface ClientConfig {
  readonly name: string
  readonly token: Secret
  /** Whether it may see what others do. */
  readonly admin: boolean
  /** Null for everything. */
  readonly policy: Policy | null
}

/** The whole configuration, checked and frozen. Durations are milliseconds, sizes are bytes. */
export interface Config extends Omit<Settings, 'policy'> {
  /** For all tenants and clients; null where nothing is denied to all of them. */
  readonly policy: Policy | null
  /** Those that may use the proxy; none where everybody may who reaches it. */
  readonly clients: readonly ClientConfig[]
  readonly upstream: Settings['upstream'] & {
    /** The certificates of `caFile` and NODE_EXTRA_CA_CERTS, in PEM, as they were when the configuration was read. */
    readonly authorities: string | null
    readonly outbound: OutboundProxy | null
  }
  /** By name; `defaultTenant` is one of them. */
  readonly tenants: ReadonlyMap<string, TenantConfig>
  /** What is allowed but unwise, in sentences for the log. */
  readonly warnings: readonly string[]
}
