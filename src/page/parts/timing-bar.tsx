import type { RequestTimes } from '../../inspect/record.ts'
import { duration } from '../logic/format.ts'
import { partsOf } from '../logic/timing.ts'

/** Where the time of a request went, as a bar: session, queue, upstream, and the rest. */
export function TimingBar({ times, longest }: { times: RequestTimes; longest: number }) {
  const parts = partsOf(times)
  const words = parts.map(([name, ms]) => `${name} ${duration(ms)}`).join(', ')
  return (
    <svg
      class="timing"
      viewBox="0 0 100 10"
      preserveAspectRatio="none"
      role="img"
      aria-label={`Time: ${words || 'none'}`}
    >
      {parts.map(([name, ms], at) => {
        const before = parts.slice(0, at).reduce((sum, [, each]) => sum + each, 0)
        return <rect key={name} class={name} x={(before / longest) * 100} width={(ms / longest) * 100} height="10" />
      })}
    </svg>
  )
}
