import type { EndpointStatus } from '../../pacing/pacer.ts'
import { type Exposed, exposed } from './exposition.ts'
import { FAMILIES, type Family } from './families.ts'

/** The metrics of each endpoint. A sample is omitted while its value is unknown. */
const VALUES: readonly (readonly [
  Family<'tenant' | 'endpoint'>,
  value: (status: EndpointStatus) => number | undefined,
])[] = [
  [FAMILIES.limitRate, ({ limit }) => limit?.rate],
  [FAMILIES.limitBurst, ({ limit }) => limit?.burst],
  [FAMILIES.limitRemaining, ({ limit }) => limit?.remaining],
  [FAMILIES.queueLength, ({ waiting }) => waiting],
  [FAMILIES.waits, ({ counts }) => counts.waits],
  [FAMILIES.waitSeconds, ({ counts }) => counts.waitSeconds],
  [FAMILIES.refusals, ({ counts }) => counts.refusals],
]

/** The metrics of rate limits. The number of endpoints is bounded by the pacer, which forgets the least recently used. */
export function pacingMetrics(endpoints: readonly EndpointStatus[]): Exposed[] {
  return VALUES.map(([family, value]) => {
    const samples = endpoints.flatMap(status => {
      const { tenant, endpoint } = status
      const known = value(status)
      return known === undefined ? [] : [{ labels: { tenant, endpoint }, value: known }]
    })
    return exposed(family, samples)
  })
}
