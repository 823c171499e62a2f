// The users of the simulated API and their access keys.

/** One tenant that a user may log in to. */
export interface SimulatorTenant {
  readonly customerName: string
  readonly prismaId: string
}

/** A user of the simulated API, with one access key. Entries with the same `user` are several keys of one user. */
export interface SimulatorUser {
  readonly accessKeyId: string
  /** The name of the user, which tokens carry as `sub` and rate limits count by. Default: the access key id. */
  readonly user?: string
  readonly secretKey: string
  /** The user's tenants, at least one. A user of several tenants who names none at login gets 200 without a token. */
  readonly tenants: readonly SimulatorTenant[]
  /**
   * The state of the user. Default: active. Login fails in every other state, for `sso` with a reason of its own, as at
   * the API.
   */
  readonly state?: 'active' | 'expired' | 'disabled' | 'sso'
  /** When the access key expires, in milliseconds since the epoch. It only says so; `state` decides. Default: never. */
  readonly keyExpiresOn?: number
  /** Whether the user's role may read access keys. Default: true. */
  readonly mayReadKeys?: boolean
}

/** The default user of a simulator, also used by the demo. Its access key is valid nowhere else. */
export const DEMO_USER: SimulatorUser = {
  accessKeyId: '00000000-demo-demo-demo-000000000000',
  secretKey: 'not-a-secret-demo-key=',
  tenants: [{ customerName: 'Demo Company', prismaId: '100000000000000001' }],
}
