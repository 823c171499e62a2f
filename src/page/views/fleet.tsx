import { counted, duration } from '../logic/format.ts'
import { Notice } from '../parts/notice.tsx'
import { fleet, now } from '../state.ts'

/** The members of the fleet and its store. */
export function Fleet() {
  const { value: known } = fleet
  if (!known)
    return (
      <section class="empty card">
        <h2>This proxy is on its own</h2>
        <p>Set fleet.redisUrl to share sessions and rate limits with other proxies.</p>
      </section>
    )
  const ago = (time: string) => `${duration(Math.max(0, now.value - Date.parse(time)))} ago`
  return (
    <>
      {known.state === 'down' && (
        <Notice kind="warn">
          Redis cannot be used: {known.reason ?? 'no reason is known'}. Each proxy goes on with a session of its own and
          its share of the rate limits, and shares them again by itself.
        </Notice>
      )}
      <section class="card">
        <div class="title">
          <h2>{known.name}</h2>
          <span class={`badge is-${known.state}`}>{known.state}</span>
        </div>
        <table class="members">
          <caption>{counted(known.members.length, 'member')}</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Version</th>
              <th scope="col">Started</th>
              <th scope="col">Requests</th>
              <th scope="col">Renewed a session</th>
            </tr>
          </thead>
          <tbody>
            {known.members.map(({ name, version, started, requests, lastRenewal, isThis }) => (
              <tr key={`${name} ${started}`}>
                <th scope="row">
                  {name} {isThis && <small>this one</small>}
                </th>
                <td>{version}</td>
                <td>{ago(started)}</td>
                <td>{requests.toLocaleString('en')}</td>
                <td>{lastRenewal === null ? 'never' : ago(lastRenewal)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  )
}
