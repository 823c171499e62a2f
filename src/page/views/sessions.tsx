import { useSignal } from '@preact/signals'
import type { TenantStatus } from '../../admin/status.ts'
import type { SessionStatus } from '../../session/report.ts'
import { clockTime, duration } from '../logic/format.ts'
import { Fact } from '../parts/fact.tsx'
import { Notice } from '../parts/notice.tsx'
import { renew } from '../proxy.ts'
import { mayAct, now, sessions, sessionsAt } from '../state.ts'

/** The sessions of all tenants. */
export function Sessions() {
  const { value: known } = sessions
  if (!known) return <p class="hint">Waiting for the proxy…</p>
  return (
    <div class="cards">
      {Object.entries(known.tenants).map(([name, tenant]) => (
        <Tenant key={name} name={name} tenant={tenant} />
      ))}
    </div>
  )
}

function Tenant({ name, tenant }: { name: string; tenant: TenantStatus }) {
  const failure = useSignal('')
  const { stack, api, session, successor, accessKey, counters } = tenant
  const renewNow = async () => {
    failure.value = await renew(name).then(
      () => '',
      error => error.message,
    )
  }
  return (
    <section class="card" aria-labelledby={`tenant-${name}`}>
      <div class="title">
        <h2 id={`tenant-${name}`}>{name}</h2>
        <State session={session} />
      </div>
      <p class="hint">{stack ? `${stack}, ${api}` : api}</p>
      {session?.lastError && (
        <Notice kind={session.secondsLeft > 0 ? 'warn' : 'bad'}>
          {clockTime(Date.parse(session.lastError.at))} {session.lastError.reason}
        </Notice>
      )}
      <dl class="facts">
        <Fact name="Remaining" value={remaining(session)} />
        <Fact name="Last renewal" value={session?.lastRefresh && ago(session.lastRefresh)} />
        <Fact name="Logins" value={counters.logins.toLocaleString('en')} />
        <Fact name="Extensions" value={counters.extensions.toLocaleString('en')} />
        <Fact name="Requests" value={counters.requests.toLocaleString('en')} />
        <Fact name="Failed" value={counters.failures.toLocaleString('en')} />
        <Fact name="Sent again" value={counters.replays.toLocaleString('en')} />
        <Fact name="Access key" value={keyExpiry(accessKey)} />
        {successor && <Fact name="Successor" value={`a new access key is tried: ${successor.state}`} />}
      </dl>
      {mayAct.value && (
        <button type="button" onClick={renewNow} disabled={session?.state === 'authenticating'}>
          Renew now
        </button>
      )}
      {failure.value && <Notice kind="bad">{failure.value}</Notice>}
    </section>
  )
}

function State({ session }: { session: SessionStatus | null }) {
  const state = session?.state ?? 'idle'
  return <span class={`badge is-${state}`}>{state}</span>
}

function remaining(session: SessionStatus | null): string | null {
  const left = (session?.secondsLeft ?? 0) * 1_000 - (now.value - sessionsAt.value)
  return left > 0 ? duration(left) : null
}

function ago(time: string): string {
  return `${duration(Math.max(0, now.value - Date.parse(time)))} ago`
}

function keyExpiry({ expiry, expiresAt }: TenantStatus['accessKey']): string {
  if (expiresAt === null) return expiry === 'never' ? 'does not expire' : 'expiry not known'
  const left = Date.parse(expiresAt) - now.value
  return left > 0 ? `expires in ${duration(left)}` : 'has expired'
}
