import { randomUUID } from 'node:crypto'
import type { Config } from '../config/config.ts'
import { Fleet } from '../fleet/fleet.ts'
import type { ConnectStore } from '../fleet/store-connection.ts'
import type { Clock } from '../kernel/clock.ts'
import { ensure } from '../kernel/ensure.ts'
import type { Log } from '../kernel/log.ts'
import { SharedLimit, type ShareLimit } from '../pacing/shared/shared-limit.ts'
import type { Sessions } from '../session/sessions.ts'
import { fleetLog } from '../telemetry/fleet-log.ts'
import type { LiveConfig } from './live-config.ts'

/** How a member reaches the store of its fleet, and what the other members call it. */
export interface FleetAccess {
  readonly connect: ConnectStore
  /** Returns what is wrong, for people, when the store refuses something. */
  readonly explain: (error: unknown) => string
  /** The name of this member: its host and process. */
  readonly member: string
}

/** What {@link joinFleet} needs. */
export interface FleetDeps {
  readonly access: FleetAccess
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  /** Returns how many requests this proxy has served. */
  readonly requests: () => number
}

/** Makes this proxy a member of the configured fleet. It connects in the background. */
export function joinFleet({ fleet: { name } }: Config, { access, log, version, ...deps }: FleetDeps): Fleet {
  const { connect, explain, member } = access
  const told = fleetLog(log, name, () => fleet.members.count)
  const fleet: Fleet = new Fleet({ name, connect, explain, changed: told, self: { name: member, version }, ...deps })
  return fleet
}

/** Makes the function that shares the limit of an endpoint of a tenant, by its key, with the fleet. */
export function shareLimits(fleet: Fleet, live: LiveConfig, sessions: () => Sessions): ShareLimit {
  // tenants whose requests act for one user have the same limits, but a queue each
  const drawers = new Map<string, string>()
  return (key, told) => {
    const end = key.indexOf(' ')
    const tenant = key.slice(0, end)
    const api = live.config.tenants.get(tenant)?.api
    const parts = [`${api?.origin}${api?.basePath}`, key.slice(end + 1)]
    const drawer = ensure(drawers, tenant, randomUUID)
    return new SharedLimit({ fleet, parts, user: () => sessions().userOf(tenant), drawer }, told)
  }
}
