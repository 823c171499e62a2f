import t, { type Test } from 'tap'
import { startSimulator } from '../../src/simulator/index.ts'
import { passTime, type TestClock, testClock } from '../support/clock.ts'
import { type ProxyOptions, startProxy } from '../support/proxy.ts'
import { TestStore } from './rig.ts'

const LIMITS = { 'GET /v2/alert': { rate: 2, burst: 10 } }

/** Starts proxies of one fleet in front of one simulator, all on one clock. */
async function startFleet(t: Test, count: number, options: Partial<ProxyOptions> = {}) {
  const clock = testClock()
  const simulator = await startSimulator({ clock, rateLimits: LIMITS })
  t.teardown(() => simulator.close())
  const store = new TestStore(clock)
  const explain = (error: unknown) => (error as Error).message
  const start = (number: number) =>
    startProxy(t, {
      clock,
      upstream: simulator.url,
      fleet: { connect: store.connect, explain, member: `host/${number}` },
      ...options,
    })
  const proxies = await Promise.all(Array.from({ length: count }, (_, number) => start(number)))
  await passTime(clock, Promise.all(proxies.map(({ app }) => app.login())))
  return { clock, simulator, store, proxies }
}

async function pass(clock: TestClock, ms: number) {
  for (let at = 0; at < ms; at += 100) await clock.advance(100)
}

t.test('proxies of a fleet log in once, and stay within a limit together', async t => {
  const { simulator, proxies } = await startFleet(t, 3)
  t.equal(simulator.counts.logins, 1)
  const all = proxies.flatMap(({ call }) => [call('/v2/alert'), call('/v2/alert'), call('/v2/alert')])
  const answers = await Promise.all(all)
  t.same(new Set(answers.map(({ status }) => status)), new Set([200]))
  t.equal(simulator.counts.throttled, 0)
})

t.test('the status and the metrics show the fleet', async t => {
  const { clock, proxies } = await startFleet(t, 2)
  await proxies[0]?.call('/v2/policy')
  await pass(clock, 4000)
  const { fleet } = JSON.parse(`${(await proxies[0]?.call('/_proxy/status'))?.body}`)
  t.match(fleet, {
    name: 'default',
    state: 'up',
    reason: null,
    members: [
      { name: 'host/0', version: '1.2.3', isThis: true, requests: Number, started: /^20.*Z$/ },
      { name: 'host/1', version: '1.2.3', isThis: false },
    ],
  })
  const renewals = fleet.members.map(({ lastRenewal }: { lastRenewal: string | null }) => lastRenewal)
  t.equal(renewals.filter((at: string | null) => at !== null).length, 1, 'one of them has logged in')
  const metrics = `${(await proxies[0]?.call('/_proxy/metrics'))?.body}`
  for (const line of [
    /^prismacloud_proxy_fleet_state\{state="up"\} 1$/m,
    /^prismacloud_proxy_fleet_state\{state="down"\} 0$/m,
    /^prismacloud_proxy_fleet_members 2$/m,
    /^prismacloud_proxy_fleet_calls_total\{call="claim",outcome="ok"\} 1$/m,
    /^prismacloud_proxy_fleet_calls_total\{call="claim",outcome="failed"\} 0$/m,
    /^prismacloud_proxy_fleet_call_duration_seconds_bucket\{le="\+Inf",call="claim"\} 1$/m,
    /^prismacloud_proxy_fleet_call_duration_seconds_count\{call="claim"\} 1$/m,
    /^prismacloud_proxy_fleet_member_requests_total\{member="host\/0",version="1.2.3"\} \d+$/m,
    /^prismacloud_proxy_fleet_member_renewal_timestamp_seconds\{member="host\/1",version="1.2.3"\} [\d.]+$/m,
  ])
    t.match(metrics, line)
})

t.test('without its store, a member serves, is ready, and says so once', async t => {
  const { clock, store, proxies } = await startFleet(t, 1)
  const [proxy] = proxies
  await proxy?.call('/v2/alert')
  store.leave()
  await pass(clock, 2000)
  t.equal((await proxy?.call('/v2/alert'))?.status, 200)
  t.equal((await proxy?.call('/_proxy/readyz'))?.status, 200)
  t.match(JSON.parse(`${(await proxy?.call('/_proxy/status'))?.body}`).fleet, {
    state: 'down',
    reason: 'connection refused',
  })
  store.return()
  await pass(clock, 6000)
  t.same(
    proxy?.log.filter(({ fleet }) => fleet).map(({ level, msg }) => [level, msg]),
    [
      [30, 'fleet default: sharing sessions and rate limits through Redis'],
      [40, 'fleet default: going on alone until Redis is back: connection refused'],
      [30, 'fleet default: sharing sessions and rate limits through Redis'],
    ],
  )
})

t.test('a member that ends leaves the fleet', async t => {
  const { clock, proxies } = await startFleet(t, 2)
  await pass(clock, 4000)
  const closing = proxies[1]?.app.close()
  await pass(clock, 4000)
  await closing
  t.match(JSON.parse(`${(await proxies[0]?.call('/_proxy/status'))?.body}`).fleet.members, [{ name: 'host/0' }])
})

t.test('two tenants with keys of one user share its limits, and a tenant that is gone shares nothing', async t => {
  const { simulator, proxies, store } = await startFleet(t, 1, { tenants: { default: {}, other: {} } })
  const [proxy] = proxies
  const calls = ['default', 'other'].flatMap(tenant =>
    Array.from({ length: 5 }, () => proxy?.call('/v2/alert', { headers: { 'x-prismacloud-proxy-tenant': tenant } })),
  )
  const answers = await Promise.all(calls)
  t.same(new Set(answers.map(answer => answer?.status)), new Set([200]))
  t.equal(simulator.counts.throttled, 0)
  const limits = store.store.dump().match(/"isKnown/g)
  t.equal(limits?.length, 1)
})

t.test('the log says which share of the limits a member goes on with', async t => {
  const { clock, store, proxies } = await startFleet(t, 3)
  await pass(clock, 4000)
  store.leave()
  const [line] = proxies[0]?.log.filter(({ reason }) => reason === 'connection refused') ?? []
  t.equal(
    line?.msg,
    'fleet default: going on alone, with 1/3 of the rate limits, until Redis is back: connection refused',
  )
})
