import type { Secret } from '../kernel/secret.ts'
import type { Api } from '../stacks/resolve.ts'
import type { OutboundProxy } from './network/outbound.ts'
import type { RedisUrl } from './network/redis-url.ts'
import type { Policy } from './policy.ts'
import type { Settings } from './schema/schema.ts'

/** An access key, with which a tenant logs in. */
export interface Credentials {
  readonly accessKeyId: Secret
  readonly secretKey: Secret
}

/** The source of a tenant's access key. */
export interface CredentialSource {
  /**
   * Where the key comes from, for messages: `environment PC_IDENTITY/PC_SECRET`, `file /run/secrets/key`, `command op`.
   * Never contains a secret.
   */
  readonly origin: string
  /**
   * - `fixed`: the key is in the configuration.
   * - `file`: the key changes when the file does.
   * - `command`: a command prints the key; the only way to notice a change is to run it again.
   * - `changing`: a command prints a key that is good for one login.
   */
  readonly kind: 'fixed' | 'file' | 'command' | 'changing'
  /**
   * Reads the key anew on each call. When `signal` aborts, reading stops and rejects with the signal's reason.
   * @throws {CredentialsError} whose message contains no secret
   */
  read(signal?: AbortSignal): Promise<Credentials>
}

/** A tenant, with all that a login needs. */
export interface TenantConfig {
  readonly name: string
  readonly api: Api
  readonly credentials: CredentialSource
  readonly prismaId: string | null
  readonly customerName: string | null
  /** Whether to log in at the first request instead of at startup. */
  readonly lazy: boolean
  /** The policy for this tenant; null if every request is allowed. */
  readonly policy: Policy | null
}

/** A client: the token that it must send, and which requests it may make. */
export interface ClientConfig {
  readonly name: string
  readonly token: Secret
  /** Whether it may see what other clients do. */
  readonly admin: boolean
  /** The policy for this client; null if every request is allowed. */
  readonly policy: Policy | null
}

/** How to connect to the Redis that a fleet shares. */
export interface RedisConfig {
  readonly url: RedisUrl
  /** The user to log in as; null for the default user. */
  readonly username: string | null
  /**
   * Reads the password, anew on each call, because its file may have changed. Resolves with null if there is none.
   * @throws {InvalidValue} if the file cannot be read
   */
  readonly readPassword: () => Promise<Secret | null>
  /** CA certificates to trust in addition to those of Node.js, in PEM. */
  readonly authorities: string | null
  /** The client certificate and its private key, in PEM. */
  readonly identity: { readonly cert: string; readonly key: Secret } | null
}

/** What OpenTelemetry's variables say about traces, besides those that its packages read themselves. */
export interface OtelConfig {
  /** How spans are encoded; null if they are not sent. */
  readonly protocol: 'http/protobuf' | 'http/json' | null
  /** Whether `traceparent` and `tracestate` are read and sent. */
  readonly propagates: boolean
  /** The URL that spans are sent to. It may contain a user and password. */
  readonly url: string
  /** Which traces are recorded: the name of OpenTelemetry's sampler. */
  readonly sampler: string
  /** The part of the traces that `traceidratio` records, from 0 to 1. */
  readonly ratio: number
  /** How many spans may wait to be sent. */
  readonly maxQueue: number
  /** CA certificates to trust instead of those of Node.js, in PEM. */
  readonly authorities: string | null
  /** The client certificate and its private key, in PEM. */
  readonly identity: { readonly cert: string; readonly key: Secret } | null
}

/** The whole configuration, checked and frozen. Durations are milliseconds, sizes are bytes. */
export interface Config extends Omit<Settings, 'policy'> {
  /** The policy for all tenants and clients; null if it restricts nothing. */
  readonly policy: Policy | null
  /** The clients that may use the proxy; if there are none, everyone who reaches it may. */
  readonly clients: readonly ClientConfig[]
  readonly upstream: Settings['upstream'] & {
    /** The certificates in `caFile` and NODE_EXTRA_CA_CERTS, in PEM, as they were when the configuration was read. */
    readonly authorities: string | null
    readonly outbound: OutboundProxy | null
  }
  readonly fleet: Settings['fleet'] & {
    /** What a connection needs; null if nothing is shared. */
    readonly redis: RedisConfig | null
  }
  /** What OpenTelemetry's variables say; null if nothing is traced. */
  readonly traces: OtelConfig | null
  /** The tenants by name. `defaultTenant` names one of them. */
  readonly tenants: ReadonlyMap<string, TenantConfig>
  /** Warnings for the log, about what is allowed but unwise. */
  readonly warnings: readonly string[]
}
