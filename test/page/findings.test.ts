import t from 'tap'
import type { TenantStatus } from '../../src/admin/status.ts'
import { findingsOf, type Observed } from '../../src/page/logic/findings.ts'
import { makeRecord } from '../inspect/rig.ts'

const NOW = Date.parse('2026-11-29T12:00:00Z')
const NOTHING: Observed = { now: NOW, sessions: null, limits: null, fleet: null, rows: [] }

const SESSION = { state: 'ready', generation: 1, secondsLeft: 500, lastRefresh: null, lastError: null } as const
const TENANT: TenantStatus = {
  stack: 'eu',
  api: 'https://api.eu.prismacloud.io',
  lazy: false,
  session: SESSION,
  accessKey: { expiry: 'never', expiresAt: null },
  counters: { requests: 0, failures: 0, replays: 0, logins: 1, extensions: 0 },
}
const lastError = { at: '2026-11-29T11:59:00Z', reason: 'HTTP 401' }

const withTenant = (tenant: Partial<TenantStatus>) =>
  findingsOf({ ...NOTHING, sessions: { tenants: { eu: { ...TENANT, ...tenant } } } })

t.test('nothing is wrong', async t => {
  t.same(findingsOf(NOTHING), [])
  t.same(withTenant({}), [])
  t.same(withTenant({ session: null }), [], 'a tenant that nobody has used')
  t.same(withTenant({ session: { ...SESSION, lastError } }), [], 'what is over')
})

t.test('sessions', async t => {
  t.match(withTenant({ session: { ...SESSION, state: 'rejected', secondsLeft: 0, lastError } }), [
    {
      kind: 'bad',
      title: 'Tenant eu has no session',
      text: /^HTTP 401\. .*access key/i,
      problem: 'credentials-rejected',
    },
  ])
  t.match(withTenant({ session: { ...SESSION, state: 'backing-off', secondsLeft: 90, lastError } }), [
    {
      kind: 'warn',
      title: 'Tenant eu cannot renew its session',
      text: /^HTTP 401\. Its token still serves requests for 90 s\./,
      problem: 'session-unavailable',
    },
  ])
})

t.test('access keys that expire', async t => {
  const expiring = (expiresAt: string) => withTenant({ accessKey: { expiry: 'dated', expiresAt } })
  t.same(expiring('2026-12-20T12:00:00Z'), [])
  t.match(expiring('2026-12-09T12:00:00Z'), [{ kind: 'warn', title: 'The access key of tenant eu expires in 10 days' }])
  t.match(expiring('2026-11-20T12:00:00Z'), [{ kind: 'bad', title: 'The access key of tenant eu has expired' }])
})

t.test('failed requests of the last five minutes, the most frequent first', async t => {
  const failed = (type: string, ago: number, detail = 'Why.') => ({
    ...makeRecord({ startedAt: NOW - ago, problem: { type, title: 'Title', detail } }),
    key: `${type} ${ago}`,
  })
  const rows = [failed('unknown-tenant', 0, 'The latest'), failed('overloaded', 1), failed('unknown-tenant', 2)]
  const found = findingsOf({
    ...NOTHING,
    rows: [...rows, { ...makeRecord({ startedAt: NOW }), key: '' }, failed('draining', 300_000)],
  })
  t.match(found, [
    {
      title: '2 requests failed with unknown-tenant in the last 5 minutes',
      text: /^The latest: The latest\. Use a name from/,
      problem: 'unknown-tenant',
    },
    { title: '1 request failed with overloaded in the last 5 minutes' },
  ])
  t.equal(found.length, 2)
  const other = { ...makeRecord({ startedAt: NOW, problem: { type: 'newer', title: '', detail: '' } }), key: 'k' }
  t.match(findingsOf({ ...NOTHING, rows: [other] }), [{ problem: 'newer' }], 'a type that this page does not know')
  const many = Array.from({ length: 9 }, (_, n) => failed(`type-${n}`, n))
  t.equal(findingsOf({ ...NOTHING, rows: many }).length, 5)
})

t.test('rate limits and the fleet', async t => {
  const counts = { waits: 0, waitSeconds: 0, refusals: 0 }
  const endpoint = { tenant: 'eu', endpoint: 'GET /a', limit: null, waiting: 0, pause: 0, counts }
  const limits = (given: Partial<typeof endpoint>) =>
    findingsOf({ ...NOTHING, limits: { waiting: 0, endpoints: [endpoint, { ...endpoint, ...given }] } })
  t.same(limits({}), [])
  t.match(limits({ waiting: 1 }), [{ kind: 'warn', title: '1 request waits for GET /a' }])
  t.match(limits({ waiting: 2 }), [{ kind: 'warn', title: '2 requests wait for GET /a' }])
  t.match(limits({ pause: 500, waiting: 2 }), [{ kind: 'warn', title: 'Prisma Cloud refuses GET /a for a while' }])
  const fleet = (state: 'up' | 'down', reason: string | null) =>
    findingsOf({ ...NOTHING, fleet: { name: 'default', state, reason, members: [] } })
  t.same(fleet('up', null), [])
  t.match(fleet('down', 'refuses connections'), [
    { title: 'The fleet cannot use its Redis', text: /^refuses connections\. Each/ },
  ])
  t.match(fleet('down', null), [{ text: /^No reason is known\./ }])
})

t.test('the worst comes first', async t => {
  const found = findingsOf({
    ...NOTHING,
    fleet: { name: 'default', state: 'down', reason: null, members: [] },
    sessions: { tenants: { eu: { ...TENANT, session: { ...SESSION, state: 'rejected', secondsLeft: 0, lastError } } } },
  })
  t.same(
    found.map(({ kind }) => kind),
    ['bad', 'warn'],
  )
})
