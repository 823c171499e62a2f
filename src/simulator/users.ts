/** One customer that a user may log in to. */
export interface SimulatorTenant {
  readonly customerName: string
  readonly prismaId: string
}

/** A user of the simulated API: one access key. */
export interface SimulatorUser {
  readonly accessKeyId: string
  readonly secretKey: string
  /** At least one. A user of several who names none at login is answered 200 without a token. */
  readonly tenants: readonly SimulatorTenant[]
  /** Default: active. The others are refused at login, as the API does: `sso` by a reason of its own. */
  readonly state?: 'active' | 'expired' | 'disabled' | 'sso'
}

/** A user that opens nothing anywhere: for demonstrations, and the one that a simulator has unless told otherwise. */
export const DEMO_USER: SimulatorUser = {
  accessKeyId: '00000000-demo-demo-demo-000000000000',
  secretKey: 'not-a-secret-demo-key=',
  tenants: [{ customerName: 'Demo Company', prismaId: '100000000000000001' }],
}
