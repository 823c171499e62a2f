import type { Api } from '../stacks/resolve.ts'
import type { Evidence } from './evidence.ts'
import type { RenewalOptions } from './renewal.ts'

/** Timeouts of a session, in milliseconds. */
export interface SessionSettings {
  /** How long `Session.acquire` waits for a token. */
  readonly waitTimeout: number
  /** How long after its last use the session stops extending its token. */
  readonly idleAfter: number
}

/** What a session needs. */
export interface SessionOptions extends RenewalOptions {
  /** The API that issues and accepts the tokens. */
  readonly api: Api
  /** Called whenever a setting is needed, so that a reload takes effect. */
  readonly settings: () => SessionSettings
  /** Returns a number in [0, 1) for jitter. Default: `Math.random`. */
  readonly random?: () => number
  /** Shared by the sessions of a tenant, so that it survives a change of the access key. */
  readonly evidence?: Evidence
}
