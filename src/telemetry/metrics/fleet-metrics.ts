import type { Fleet } from '../../fleet/fleet.ts'
import type { Member } from '../../fleet/members.ts'
import { CALL_BOUNDS, type CallCounts } from '../../fleet/store-calls.ts'
import type { Family, Sample } from './exposition.ts'
import { counter, gauge, histogram } from './families.ts'

const STATES = ['connecting', 'up', 'down'] as const

/** The metrics of a fleet: its store, and its members as this one last saw them. */
export function* fleetFamilies({ store, members }: Fleet): Generator<Family> {
  const states = STATES.map(state => ({ labels: { state }, value: state === store.state ? 1 : 0 }))
  yield gauge('fleet_state', "1 for the current state of the fleet's Redis, 0 for all others.", states)
  const calls = [...store.calls.all()]
  yield counter('fleet_calls_total', 'Scripts run in Redis, by outcome.', calls.flatMap(outcomes))
  yield histogram('fleet_call_duration_seconds', 'Time until Redis answered a script.', calls.flatMap(durations))
  yield gauge('fleet_members', 'Members of the fleet when Redis was last asked.', [
    { labels: {}, value: members.count },
  ])
  // a container that is started again has the name of the one that died; two samples of one name would be invalid
  const latest = new Map(
    [...members.all].sort((one, other) => one.startedAt - other.startedAt).map(each => [each.name, each]),
  )
  const of = (value: (member: Member) => number) =>
    [...latest.values()].map(member => ({
      labels: { member: member.name, version: member.version },
      value: value(member),
    }))
  yield gauge(
    'fleet_member_start_timestamp_seconds',
    'When a member started, in seconds since 1970.',
    of(({ startedAt }) => startedAt / 1000),
  )
  yield counter(
    'fleet_member_requests_total',
    'Requests that a member has served.',
    of(({ requests }) => requests),
  )
  yield gauge(
    'fleet_member_renewal_timestamp_seconds',
    'When a member last logged in or extended a session, in seconds since 1970; 0 if never.',
    of(({ renewedAt }) => renewedAt / 1000),
  )
}

function outcomes([call, { ok, failed }]: [string, CallCounts]): Sample[] {
  const sample = (outcome: string, value: number) => ({ labels: { call, outcome }, value })
  return [sample('ok', ok), sample('failed', failed)]
}

/** The samples of a histogram. Buckets are cumulative: each includes the lower ones. */
function durations([call, { ok, failed, seconds, buckets }]: [string, CallCounts]): Sample[] {
  let below = 0
  const within = CALL_BOUNDS.map((bound, at) => {
    below += Number(buckets[at])
    return { suffix: '_bucket', labels: { le: `${bound}`, call }, value: below }
  })
  return [
    ...within,
    { suffix: '_bucket', labels: { le: '+Inf', call }, value: ok + failed },
    { suffix: '_sum', labels: { call }, value: seconds },
    { suffix: '_count', labels: { call }, value: ok + failed },
  ]
}
