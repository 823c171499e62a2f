import type { Fleet } from '../fleet/fleet.ts'

/** Describes a fleet for `/_proxy/status`: whether its Redis is up, and its members. Times are in ISO 8601. */
export function fleetStatus({ name, member, store, members }: Fleet) {
  return {
    name,
    state: store.state,
    reason: store.reason,
    members: members.all.map(({ id, startedAt, renewedAt, ...said }) => ({
      ...said,
      isThis: id === member,
      started: new Date(startedAt).toISOString(),
      lastRenewal: renewedAt === 0 ? null : new Date(renewedAt).toISOString(),
    })),
  }
}
