import t from 'tap'
import type { Status, TenantStatus } from '../../src/admin/status.ts'
import { duration } from '../../src/commands/status/duration.ts'
import { renderStatus } from '../../src/commands/status/render.ts'
import { table } from '../../src/commands/status/table.ts'
import type { Paint } from '../../src/commands/terminal/colour.ts'
import { DAY } from '../../src/kernel/instant.ts'

const NOW = Date.UTC(2026, 11, 1)

const plain: Paint = (_, text) => text
const marked: Paint = (format, text) => `<${format}>${text}</>`

function tenantOf(said: Partial<TenantStatus> = {}): TenantStatus {
  return {
    stack: 'app2',
    api: 'https://api2.prismacloud.io',
    lazy: false,
    session: { state: 'ready', generation: 3, secondsLeft: 553, lastRefresh: null, lastError: null },
    accessKey: { expiry: 'never', expiresAt: null },
    counters: { requests: 1204, failures: 3, replays: 1, logins: 1, extensions: 4 },
    ...said,
  }
}

function statusOf(said: Partial<Status> = {}): Status {
  return {
    version: '1.2.3',
    uptime: 7_384,
    ready: true,
    waitingFor: [],
    tenants: { default: tenantOf() },
    pacing: { waiting: 0, endpoints: [] },
    deprecated: [],
    ...said,
  }
}

const render = (status: Parameters<typeof renderStatus>[0], paint = plain) => renderStatus(status, { paint, now: NOW })

t.test('times have their two largest units', t => {
  for (const [seconds, text] of [
    [-5, '0s'],
    [0.9, '0s'],
    [42, '42s'],
    [60, '1m'],
    [553, '9m13s'],
    [3_600, '1h'],
    [3_605, '1h'],
    [7_384, '2h3m'],
    [5 * 86_400 + 3 * 3_600 + 59, '5d3h'],
  ] as const)
    t.equal(duration(seconds), text)
  t.end()
})

t.test('columns are aligned, with colours and without, and no cell can control the terminal', t => {
  const rows = [
    ['a', 1, ['red', 'bad']],
    ['longer', 1_000, 'line\n\u001b[2J'],
  ] as const
  t.same(table(['NAME', 'N', 'LAST'], rows, plain), [
    'NAME     N      LAST',
    'a        1      bad',
    'longer   1000   line [2J',
  ])
  t.same(table(['NAME', 'N', 'LAST'], rows, marked)[1], 'a        1      <red>bad</>')
  t.equal(table(['X'], [['x'.repeat(500)]], plain)[1], `${'x'.repeat(120)}…`)
  t.end()
})

t.test('a status begins with how the proxy is, and lists the tenants', t => {
  const tenants = {
    default: tenantOf(),
    idle: tenantOf({ stack: null, api: 'https://example.com', session: null }),
  }
  t.same(render(statusOf({ tenants })), [
    'prismacloud-proxy 1.2.3, up 2h3m, ready',
    '',
    'TENANT    API                          SESSION   LEFT    LOGINS   EXTENDED   KEY EXPIRES   REQUESTS   FAILED',
    'default   app2 (api2.prismacloud.io)   ready     9m13s   1        4          never         1204       3',
    'idle      https://example.com          idle      -       1        4          never         1204       3',
  ])
  t.match(render(statusOf(), marked)[0], /<green>ready<\/>$/)
  t.end()
})

t.test('what is wrong with a session is said below', t => {
  const lastError = { at: '2026-12-01T00:00:00.000Z', reason: 'the API\nresponded 503' }
  const failed = { generation: 0, secondsLeft: 0, lastRefresh: null, lastError } as const
  const tenants = {
    one: tenantOf({ session: { state: 'backing-off', ...failed } }),
    two: tenantOf({ successor: { state: 'rejected', ...failed } }),
    three: tenantOf({ session: { state: 'backing-off', ...failed, lastError: null } }),
  }
  const waitingFor = ['one', 'three'].map(tenant => ({ tenant, state: 'backing-off', reason: null }))
  const lines = render(statusOf({ ready: false, waitingFor, tenants }), marked)
  t.match(lines[0], /<red>not ready: waiting for one, three<\/>$/)
  t.match(lines[3], '<yellow>backing-off</>   -')
  t.same(lines.slice(6), [
    '<red>tenant one: backing-off: the API responded 503</>',
    '<red>tenant two, new access key: rejected: the API responded 503</>',
  ])
  t.match(render(statusOf({ ready: false }))[0], /, shutting down$/)
  t.end()
})

t.test('an access key that expires soon stands out', t => {
  const expiryIn = (days: number) => {
    const expiresAt = new Date(NOW + days * DAY).toISOString()
    return render(statusOf({ tenants: { x: tenantOf({ accessKey: { expiry: 'dated', expiresAt } }) } }), marked)[3]
  }
  t.match(expiryIn(20), ' 2026-12-21 ')
  t.match(expiryIn(5), '<yellow>2026-12-06</>')
  t.match(expiryIn(-1), '<red>2026-11-30</>')
  t.end()
})

t.test('rate limits show what is left, who waits, and what was refused', t => {
  const endpoint = { tenant: 'default', endpoint: 'POST /v2/alert', waiting: 0, pause: 0 }
  const counts = { waits: 0, waitSeconds: 0, refusals: 0 }
  const limit = { rate: 1 / 3, burst: 10, remaining: 8 }
  const endpoints = [
    { ...endpoint, limit, counts },
    { ...endpoint, limit: { ...limit, remaining: 0 }, waiting: 3, pause: 1_500, counts: { ...counts, refusals: 2 } },
    { ...endpoint, limit: null, counts },
  ]
  t.same(render(statusOf({ pacing: { waiting: 3, endpoints } }), marked).slice(5), [
    'TENANT    ENDPOINT         LEVEL   RATE     WAITING   PAUSED   REFUSED',
    'default   POST /v2/alert   8/10    0.33/s   0         -        0',
    'default   POST /v2/alert   <yellow>0/10</>    0.33/s   <yellow>3</>         <yellow>2s</>       <red>2</>',
    'default   POST /v2/alert   -       -        0         -        0',
  ])
  t.end()
})

t.test('the members of a fleet are listed, and whether its Redis is up', t => {
  const member = { version: '1.2.3', requests: 5, started: new Date(NOW - 60_000).toISOString(), lastRenewal: null }
  const members = [
    { ...member, name: 'host/1', isThis: true },
    { ...member, name: 'host/2', isThis: false, lastRenewal: new Date(NOW - 5_000).toISOString() },
  ]
  const fleet = { name: 'blue', state: 'up', reason: null, members } as const
  t.same(render(statusOf({ fleet })).slice(5), [
    'fleet blue: Redis is up',
    'MEMBER          VERSION   UP   REQUESTS   LAST LOGIN',
    'host/1 (this)   1.2.3     1m   5          never',
    'host/2          1.2.3     1m   5          5s ago',
  ])
  const down = { ...fleet, state: 'down', reason: 'no answer' } as const
  t.equal(render(statusOf({ fleet: down }), marked)[5], '<red>fleet blue: Redis is down: no answer</>')
  t.end()
})

t.test('calls of deprecated operations are listed', t => {
  const call = { tenant: 'default', method: 'GET', operation: '/alert', requests: 2 }
  const last = new Date(NOW - 3_600_000).toISOString()
  const deprecated = [
    { ...call, client: 'ci', last },
    { ...call, client: null, last },
  ]
  t.same(render(statusOf({ deprecated })).slice(5), [
    'DEPRECATED OPERATION   TENANT    CLIENT   REQUESTS   LAST',
    'GET /alert             default   ci       2          1h ago',
    'GET /alert             default   -        2          1h ago',
  ])
  t.end()
})

t.test('whoever is no admin is told so', t => {
  t.match(render({ version: '1.2.3', uptime: 5, ready: true }), [
    /up 5s, ready$/,
    '',
    /^Only admins see .* admin: true/,
  ])
  t.match(render({ version: '1.2.3', uptime: 5, ready: false })[0], /, not ready$/)
  t.end()
})
