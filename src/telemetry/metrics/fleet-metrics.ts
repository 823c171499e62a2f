import type { Fleet } from '../../fleet/fleet.ts'
import type { Member } from '../../fleet/members.ts'
import { CALL_BOUNDS, type CallCounts } from '../../fleet/store-calls.ts'
import { type Exposed, exposed, histogramSamples, type Sample, single } from './exposition.ts'
import { FAMILIES } from './families.ts'

const STATES = ['connecting', 'up', 'down'] as const

/** The metrics of a fleet: its store, and its members as this one last saw them. */
export function fleetMetrics({ store, members }: Fleet): Exposed[] {
  const states = STATES.map(state => ({ labels: { state }, value: state === store.state ? 1 : 0 }))
  const calls = [...store.calls.all()]
  // a container that is started again has the name of the one that died; two samples of one name would be invalid
  const latest = new Map(
    [...members.all].sort((one, other) => one.startedAt - other.startedAt).map(each => [each.name, each]),
  )
  const of = (value: (member: Member) => number) =>
    [...latest.values()].map(member => ({
      labels: { member: member.name, version: member.version },
      value: value(member),
    }))
  return [
    exposed(FAMILIES.fleetState, states),
    exposed(FAMILIES.fleetCalls, calls.flatMap(outcomes)),
    exposed(FAMILIES.fleetCallDuration, calls.flatMap(durations)),
    single(FAMILIES.fleetMembers, members.count),
    exposed(
      FAMILIES.fleetMemberStart,
      of(({ startedAt }) => startedAt / 1000),
    ),
    exposed(
      FAMILIES.fleetMemberRequests,
      of(({ requests }) => requests),
    ),
    exposed(
      FAMILIES.fleetMemberRenewal,
      of(({ renewedAt }) => renewedAt / 1000),
    ),
  ]
}

function outcomes([call, { ok, failed }]: [string, CallCounts]): Sample<'call' | 'outcome'>[] {
  const sample = (outcome: string, value: number) => ({ labels: { call, outcome }, value })
  return [sample('ok', ok), sample('failed', failed)]
}

function durations([call, { ok, failed, seconds, buckets }]: [string, CallCounts]): Sample<'call'>[] {
  // calls that took longer than all bounds are in no bucket
  const above = buckets.reduce((rest, count) => rest - count, ok + failed)
  const inBucket = (bucket: number) => buckets[bucket] ?? above
  return [...histogramSamples<'call'>({ call }, { bounds: CALL_BOUNDS, inBucket, sum: seconds })]
}
