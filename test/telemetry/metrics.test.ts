import t from 'tap'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { processMetrics } from '../../src/telemetry/metrics/process-metrics.ts'
import { USABLE } from '../session/rig.ts'
import { passTime, testClock } from '../support/clock.ts'
import { answerTo, open } from '../support/http.ts'
import { clientOf, PROCESS_USE, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const TOKEN = 'the-token-of-the-client'

/** The values of all samples, by name and labels. */
async function samples(call: (path: string) => Promise<{ text: string }>): Promise<Record<string, number>> {
  const { text } = await call('/_proxy/metrics')
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map(line => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at).replace('prismacloud_proxy_', ''), Number(line.slice(at + 1))]
    }),
  )
}

t.test('requests are counted by tenant, operation, method and status class', async t => {
  const { call, simulator } = await startPair(t)
  await call('/v2/policy')
  await call('/v2/policy')
  await call('/nowhere', { method: 'DELETE' })
  simulator.revokeAll()
  await call('/v2/policy')
  simulator.fault({ kind: 'status', status: 503, path: '/v2/policy' })
  await call('/v2/policy', { method: 'HEAD', headers: { 'x-prismacloud-proxy-pacing': 'off' } })
  await call('/x', { headers: { 'x-prismacloud-tenant': 'unknown' } })
  await call('/_proxy/livez')
  t.match(await samples(call), {
    'requests_total{tenant="default",operation="/v2/policy",method="GET",status="2xx"}': 3,
    'requests_total{tenant="default",operation="other",method="DELETE",status="4xx"}': 1,
    'requests_total{tenant="default",operation="/v2/policy",method="HEAD",status="5xx"}': 1,
    'client_requests_total{tenant="default",client=""}': 5,
    'rejected_requests_total{problem="unknown-tenant"}': 1,
    'replays_total{tenant="default"}': 1,
    'request_duration_seconds_count{tenant="default",operation="/v2/policy"}': 4,
    'request_duration_seconds_count{tenant="default",operation="other"}': 1,
    'upstream_duration_seconds_count{tenant="default",operation="/v2/policy"}': 4,
    'session_calls_total{tenant="default",call="login",outcome="ok"}': 2,
    requests_in_flight: 0,
    'refusals_total{tenant="default",endpoint="HEAD /v2/policy"}': 1,
  })
})

t.test('rate limits and queues are reported by tenant and endpoint', async t => {
  const { call, clock } = await startPair(t, { config: { pacing: { maxWait: 1500 } } })
  const ask = () => call('/v2/alert', { method: 'POST', body: '{"timeRange":{"type":"to_now","value":"epoch"}}' })
  const answers = Promise.all(Array.from({ length: 12 }, ask))
  const of = (name: string) => `${name}{tenant="default",endpoint="POST /v2/alert"}`
  await until(async () => (await samples(call))[of('queue_length')] === 1)
  t.match(await samples(call), { [of('limit_rate')]: 2, [of('limit_burst')]: 10, [of('limit_remaining')]: 0 })
  await clock.advance(1250)
  await answers
  const found = await samples(call)
  t.match(found, {
    [of('queue_length')]: 0,
    [of('waits_total')]: 1,
    [of('refusals_total')]: 0,
    'failures_total{tenant="default",problem="rate-limited"}': 1,
  })
  const late = Number(found[of('wait_seconds_total')]) * 1000 - 1250
  t.ok(late >= 0 && late <= clock.drifted(), `it waited ${late} ms more than 1250`)
})

t.test('durations are counted in buckets of seconds', async t => {
  const { call, clock, simulator, port } = await startPair(t)
  await call('/v2/policy')
  simulator.fault({ kind: 'slow', delay: 700, path: '/v2/policy' })
  const sent = open(port, '/v2/policy')
  sent.end()
  const answer = answerTo(sent)
  await passTime(
    clock,
    answer.then(head => head.resume()),
  )
  const found = await samples(call)
  const bucket = (kind: string, le: string) =>
    found[`${kind}_duration_seconds_bucket{le="${le}",tenant="default",operation="/v2/policy"}`]
  t.equal(bucket('upstream', '0.005'), 1, 'the clock hardly moved during the first request')
  t.equal(bucket('upstream', '0.5'), 1)
  t.equal(bucket('upstream', '+Inf'), 2)
  t.equal(bucket('request', '0.005'), 1)
  t.equal(bucket('request', '+Inf'), 2)
})

t.test('the gauges show the states of the sessions', async t => {
  const { call, app, clock, simulator } = await startPair(t, { tenants: { default: {}, other: { lazy: true } } })
  const state = (tenant: string, name: string) => `session_state{tenant="${tenant}",state="${name}"}`
  t.match(await samples(call), {
    [state('default', 'idle')]: 1,
    ready: 0,
  })
  await app.login()
  const expiry = (clock.now() + USABLE) / 1000
  await clock.advance(95_000)
  t.match(await samples(call), {
    [state('default', 'ready')]: 1,
    [state('default', 'idle')]: 0,
    [state('default', 'rejected')]: 0,
    [state('other', 'idle')]: 1,
    ready: 1,
  })
  const expiries = async () => Object.entries(await samples(call)).filter(([name]) => /^session_expiry/.test(name))
  const [[name, seconds] = [], ...others] = await expiries()
  t.equal(name, 'session_expiry_timestamp_seconds{tenant="default"}')
  t.ok(Math.abs(Number(seconds) - expiry) <= clock.drifted() / 1000, `${seconds} is about ${expiry}`)
  t.strictSame(others, [], 'there is no sample without a token')
  simulator.revokeAll()
  simulator.fault({ kind: 'refuse-login' })
  await call('/v2/policy')
  t.match(await samples(call), {
    [state('default', 'ready')]: 0,
    [state('default', 'rejected')]: 1,
    'session_calls_total{tenant="default",call="login",outcome="rejected"}': 1,
  })
})

t.test('clients cannot create labels', async t => {
  const { call } = await startPair(t)
  await call('/x', { method: 'PURGE' })
  await call('/x', { method: 'PROPFIND' })
  await call('/x', { headers: { 'x-prismacloud-tenant': 'evil"} 1' } })
  const found = await samples(call)
  t.match(found, {
    'rejected_requests_total{problem="invalid-request"}': 2,
    'rejected_requests_total{problem="unknown-tenant"}': 1,
  })
  t.notMatch(Object.keys(found).join(), /evil|PURGE/)
})

t.test(
  'requests are counted by client, and those that were rejected before their tenant was known by problem',
  async t => {
    const clients = [clientOf('ci', TOKEN), clientOf('boss', `${TOKEN}-1`, {}, true)]
    const { call } = await startPair(t, { config: { clients } })
    const as = (token: string) => ({ headers: { 'x-prismacloud-proxy-token': token } })
    for (const token of [TOKEN, TOKEN, `${TOKEN}-1`]) await call('/v2/policy', as(token))
    await call('/v2/policy')
    await call('/_proxy/metrics')
    const found = await samples(path => call(path, as(`${TOKEN}-1`)))
    t.match(found, {
      'client_requests_total{tenant="default",client="ci"}': 2,
      'client_requests_total{tenant="default",client="boss"}': 1,
      'rejected_requests_total{problem="client-unauthorized"}': 1,
    })
    t.notOk(Object.keys(found).some(name => name.includes('tenant=""')))
  },
)

t.test('the response is in the text format, or in that of OpenMetrics for those who prefer it', async t => {
  const { call } = await startPair(t)
  const { headers, text } = await call('/_proxy/metrics')
  t.match(headers, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', vary: 'accept' })
  t.match(text, '# TYPE prismacloud_proxy_requests_total counter')
  t.match(text, '# TYPE prismacloud_proxy_request_duration_seconds histogram')
  t.match(text, '# HELP prismacloud_proxy_session_state ')
  const open = await call('/_proxy/metrics', { headers: { accept: 'application/openmetrics-text; version=1.0.0' } })
  t.match(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  t.match(open.text, '# TYPE prismacloud_proxy_requests counter')
  t.match(open.text, /\n# EOF\n$/)
})

t.test('the version and the process are known', async t => {
  const { call } = await startPair(t)
  const found = await samples(call)
  t.match(found, {
    'build_info{version="1.2.3",node_version="v20.19.0"}': 1,
    process_cpu_seconds_total: PROCESS_USE.cpu,
    process_start_time_seconds: PROCESS_USE.startedAt,
    process_resident_memory_bytes: PROCESS_USE.resident,
    process_virtual_memory_bytes: PROCESS_USE.virtual,
    process_open_fds: PROCESS_USE.openFiles,
    process_max_fds: PROCESS_USE.maxFiles,
  })
})

t.test('what the operating system does not tell of the process is left out', t => {
  const shown = processMetrics({ ...PROCESS_USE, virtual: undefined, openFiles: undefined, maxFiles: undefined })
  t.strictSame(
    shown.map(({ family }) => family.name),
    ['process_cpu_seconds_total', 'process_start_time_seconds', 'process_resident_memory_bytes'],
  )
  t.end()
})

t.test('a client that leaves before its tenant is known is counted as aborted', async t => {
  const none = { all: () => [], endpoints: () => [] }
  const runtime = { nodeVersion: '', use: async () => PROCESS_USE }
  const known = {
    clock: testClock(),
    runtime,
    pacer: none,
    sessions: () => none,
    deprecatedCalls: none,
    kept: { held: 0 },
  }
  const metrics = new Metrics({ ...known, isReady: () => true, auditLinesLost: () => 0 } as never)
  metrics.started()
  metrics.finished({ tenant: null, failure: undefined } as never, 0, 1)
  const text = await metrics.render('text/plain')
  t.match(text, 'prismacloud_proxy_rejected_requests_total{problem="aborted"} 1\n')
  t.match(text, 'prismacloud_proxy_requests_in_flight 0\n')
})
