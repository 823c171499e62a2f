import type { TenantConfig } from '../../../src/config/config.ts'
import { Fleet } from '../../../src/fleet/fleet.ts'
import { Secret } from '../../../src/kernel/secret.ts'
import type { Lease } from '../../../src/session/lease.ts'
import type { AuthCall } from '../../../src/session/report.ts'
import { Session } from '../../../src/session/session.ts'
import { Sessions } from '../../../src/session/sessions.ts'
import { sharing } from '../../../src/session/shared/share.ts'
import type { SessionState } from '../../../src/session/states.ts'
import { resolveApi } from '../../../src/stacks/resolve.ts'
import { Machine, type Wrong } from '../../fleet/world/machine.ts'
import type { ShakyStore } from '../../fleet/world/shaky-store.ts'
import { SECOND, type TrueTime } from '../../fleet/world/true-time.ts'
import type { Random } from '../../support/random.ts'
import type { CallWatch } from './call-watch.ts'
import type { Vendor } from './vendor.ts'

export const WAIT_TIMEOUT = 30 * SECOND

/** How long without a request a session goes on, in milliseconds. */
export const IDLE_AFTER = 40 * SECOND

export const TENANT = 'the-tenant-of-the-fleet'

export const KEY_ID = 'the-access-key-id-of-the-tenant'

export const API = resolveApi('app2')

/** What a member of a fleet is made of. */
export interface MemberOptions {
  readonly name: string
  readonly time: TrueTime
  readonly random: Random
  readonly store: ShakyStore
  readonly vendor: Vendor
  readonly calls: CallWatch
  readonly secretKey: string
  readonly wrong: Wrong
  readonly storeChanged: (state: 'up' | 'down') => void
  readonly changed: (from: SessionState, to: SessionState, reason: string) => void
}

/** A proxy of a fleet with one tenant: a machine, a connection to the store, and a session. */
export class Member {
  readonly name: string
  readonly machine: Machine
  readonly fleet: Fleet
  readonly #sessions: Sessions
  state: SessionState = 'idle'
  /** The access key in the file that it reads. */
  secretKey: string

  constructor({ name, time, random, store, vendor, calls, wrong, ...options }: MemberOptions) {
    const machine = new Machine(time, wrong)
    this.name = name
    this.machine = machine
    this.secretKey = options.secretKey
    this.fleet = new Fleet({
      name: 'a-fleet',
      clock: machine,
      connect: store.connector(machine),
      explain: error => String(error),
      changed: options.storeChanged,
      random: () => random.next(),
      self: { name, version: '1.2.3' },
      requests: () => 7,
    })
    const began = (signal: AbortSignal | undefined) => (call: AuthCall, key: string) =>
      calls.began({ member: name, call, key, signal }, vendor)
    const tenant = {
      name: TENANT,
      api: API,
      prismaId: null,
      customerName: TENANT,
      lazy: true,
      credentials: { origin: 'a file', kind: 'file', read: async () => this.#key() },
    } as unknown as TenantConfig
    this.#sessions = new Sessions({
      tenants: new Map([[TENANT, tenant]]),
      clock: machine,
      create: (of, more, known) =>
        new Session({
          auth: {
            login: (key, signal) => machine.receive(unless(signal, vendor.login(key, began(signal)))),
            extend: (token, signal) => machine.receive(unless(signal, vendor.extend(token, began(signal)))),
          },
          api: API,
          credentials: of.credentials,
          clock: machine,
          settings: () => ({ waitTimeout: WAIT_TIMEOUT, idleAfter: IDLE_AFTER }),
          random: () => random.next(),
          share: sharing(this.fleet, machine, of, known),
          ...more,
        }),
      events: {
        changed: (_, from, to, reason) => {
          this.state = to === 'closed' ? 'idle' : to
          options.changed(from, to, reason)
        },
        called() {},
        keyUsed() {},
        rotated() {},
        rotationFailed() {},
        keyUnreadable() {},
      },
    })
  }

  acquire(): Promise<Lease> {
    return this.#sessions.acquire(TENANT)
  }

  /** The live lease. Counts as use. */
  use(): Lease | undefined {
    return this.#sessions.use(TENANT)
  }

  invalidate(lease: Lease, named: boolean, again: boolean) {
    return this.#sessions.invalidate(TENANT, lease, { operation: 'GET /x', named, again })
  }

  /** Shuts down in order. */
  leave(): void {
    this.#sessions.close()
    void this.fleet.leave().then(() => this.machine.die())
  }

  #key() {
    return { accessKeyId: new Secret(KEY_ID), secretKey: new Secret(this.secretKey) }
  }
}

/** Settles as `call` does, unless it is aborted: then nobody waits for it, and the vendor does what it was asked for. */
function unless<T>(signal: AbortSignal | undefined, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal?.reason)
    signal?.addEventListener('abort', leave)
    call.then(resolve, reject).finally(() => signal?.removeEventListener('abort', leave))
  })
}
