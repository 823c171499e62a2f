import type { Limit } from '../../pacing/limit.ts'
import { levels, now } from '../state.ts'
import { Chart } from './chart.tsx'

/** What {@link Level} shows. */
interface LevelProps {
  readonly tenant: string
  readonly endpoint: string
  readonly limit: Limit
  /** How many requests wait now. */
  readonly waiting: number
}

/** How much of a rate limit is left, now and over the last ten minutes. */
export function Level({ tenant, endpoint, limit, waiting }: LevelProps) {
  const { times, endpoints } = levels.value
  const known = endpoints.find(each => each.tenant === tenant && each.endpoint === endpoint)
  const none = times.map(() => null)
  const left = Math.floor(limit.remaining)
  return (
    <>
      <meter
        min={0}
        max={limit.burst}
        low={limit.burst / 4}
        optimum={limit.burst}
        value={limit.remaining}
        aria-label="Left"
      >
        {left}
      </meter>
      <Chart
        title={`${left} of ${Math.round(limit.burst)} left`}
        summary={`${left} requests could be sent at once now`}
        times={[...times, now.value].map(time => time / 1_000)}
        series={[
          {
            label: 'left',
            colour: 'upstream',
            values: [...(known?.remaining ?? none), limit.remaining],
            isFilled: true,
          },
          { label: 'waiting', colour: 'queue', values: [...(known?.waiting ?? none), waiting] },
        ]}
        height={120}
        format={value => `${Math.round(value * 10) / 10}`}
      />
    </>
  )
}
