import { counted, duration } from '../logic/format.ts'
import { Level } from '../parts/level.tsx'
import { limits } from '../state.ts'

/** The rate limits of the endpoints that have been used. */
export function Limits() {
  const { value: known } = limits
  if (!known) return <p class="hint">Waiting for the proxy…</p>
  if (known.endpoints.length === 0)
    return (
      <section class="empty card">
        <h2>No rate limits yet</h2>
        <p>
          An endpoint appears here once a request for it was sent and it has a limit. The proxy then delays requests, so
          that Prisma Cloud does not refuse them with status 429.
        </p>
      </section>
    )
  return (
    <>
      <p class="hint">{known.waiting === 0 ? 'No request waits.' : `${counted(known.waiting, 'request')} waiting.`}</p>
      <div class="cards">
        {known.endpoints.map(({ tenant, endpoint, limit, waiting, pause, counts }) => (
          <section class="card" key={`${tenant} ${endpoint}`} aria-label={`${endpoint} of ${tenant}`}>
            <div class="title">
              <h2>{endpoint}</h2>
              <span class="hint">{tenant}</span>
            </div>
            {limit && <Level tenant={tenant} endpoint={endpoint} limit={limit} waiting={waiting} />}
            <dl class="facts">
              <Fact
                name="Limit"
                value={limit ? `${rounded(limit.rate)} per second, ${rounded(limit.burst)} at once` : 'unknown'}
              />
              <Fact name="Waiting" value={`${waiting}`} />
              <Fact name="Refused upstream" value={`${counts.refusals}`} />
              <Fact
                name="Waited"
                value={`${counted(counts.waits, 'time')}, ${duration(counts.waitSeconds * 1_000)} in all`}
              />
              {pause > 0 && <Fact name="Paused" value={`for ${duration(pause)}`} />}
            </dl>
          </section>
        ))}
      </div>
    </>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function rounded(value: number): string {
  return `${Math.round(value * 10) / 10}`
}
