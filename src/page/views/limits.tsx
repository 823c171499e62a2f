import { counted, duration } from '../logic/format.ts'
import { clientsAt } from '../logic/running.ts'
import { Fact } from '../parts/fact.tsx'
import { Level } from '../parts/level.tsx'
import { limits, rows } from '../state.ts'

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
              <Fact name="Clients now" value={clientsText(clientsAt({ tenant, endpoint }, rows.value))} />
              <Fact name="Refused upstream" value={`${counts.refusals}`} />
              <Fact
                name="Waited"
                value={`${counted(counts.waits, 'time')}, ${duration(counts.waitSeconds * 1_000)} in all`}
              />
              <Fact name="Paused" value={pause > 0 ? `for ${duration(pause)}` : null} />
            </dl>
          </section>
        ))}
      </div>
    </>
  )
}

function clientsText(clients: readonly (readonly [client: string, count: number])[]): string {
  return clients.map(([client, count]) => `${client} ${count}`).join(', ')
}

function rounded(value: number): string {
  return `${Math.round(value * 10) / 10}`
}
