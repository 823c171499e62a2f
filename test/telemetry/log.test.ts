import t from 'tap'
import { testClock } from '../support/clock.ts'
import { startPair, startProxy, type TestProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const requestLines = ({ log }: Pick<TestProxy, 'log'>) => log.filter(line => 'method' in line)

t.test('log.requests: all logs every request as fields and as a sentence, without its query', async t => {
  const pair = await startPair(t, { config: { log: { requests: 'all' } } })
  await pair.call('/v2/policy?private=1', { headers: { 'x-request-id': 'mine' } })
  await pair.call('/nowhere')
  await until(() => requestLines(pair).length === 2)
  const [good, bad] = requestLines(pair)
  t.match(good, {
    level: 30,
    requestId: 'mine',
    method: 'GET',
    path: '/v2/policy',
    tenant: 'default',
    status: 200,
    ms: Number,
    session: Number,
    queue: 0,
    replayed: false,
    cache: null,
    upstreamRequestId: /^[0-9a-f-]{36}$/,
    msg: 'GET /v2/policy 200',
  })
  t.match(bad, { level: 40, status: 404, problem: 'upstream-error', msg: 'GET /nowhere 404: Not Found (/nowhere)' })
  t.notMatch(JSON.stringify(pair.log), /private/)
})

t.test('log.requests: errors logs failed and slow requests', async t => {
  const clock = testClock()
  const upstream = await rawUpstream(t, async request => {
    await clock.advance(request.target === '/slow' ? 10_000 : 9_999)
    request.answer(http(request.target === '/bad' ? '400 Bad Request' : '200 OK'))
  })
  const proxy = await startProxy(t, { upstream: upstream.url, clock })
  for (const path of ['/good', '/bad', '/slow', '/good']) await proxy.call(path)
  await proxy.call('/_proxy/nothing')
  await until(() => requestLines(proxy).length === 3)
  t.match(requestLines(proxy), [
    { path: '/bad', level: 40, ms: 9_999 },
    // the readings of the clock move it by up to a millisecond
    { path: '/slow', level: 30, ms: /^1000[01]$/ },
    { path: '/_proxy/nothing', level: 40, tenant: null, problem: 'invalid-request' },
  ])
})

t.test('a line is not longer because a path is', async t => {
  const pair = await startPair(t)
  t.equal((await pair.call(`/${'x'.repeat(60_000)}`)).status, 414)
  await until(() => requestLines(pair).length === 1)
  t.equal(`${requestLines(pair)[0]?.path}`.length, 4_096)
  t.equal((await pair.call(`/_proxy/${'x'.repeat(60_000)}`)).status, 404)
  await until(() => requestLines(pair).length === 2)
  for (const line of requestLines(pair)) t.ok(JSON.stringify(line).length < 16_384)
})

t.test('log.requests: off logs no request', async t => {
  const pair = await startPair(t, { config: { log: { requests: 'off' } } })
  await pair.call('/nowhere')
  await pair.call('/v2/policy')
  t.strictSame(requestLines(pair), [])
})

t.test('the level of a session change depends on its severity', async t => {
  const pair = await startPair(t, { tenants: { team: {} }, config: { defaultTenant: 'team' } })
  pair.simulator.fault({ kind: 'status', status: 503, path: '/login' })
  const acquired = pair.call('/v2/policy')
  await until(() => pair.log.some(line => line.to === 'backing-off'))
  await until(async () => {
    await pair.clock.advance(1_000)
    return pair.log.some(line => line.to === 'ready')
  })
  t.equal((await acquired).status, 200)
  pair.simulator.revokeAll()
  pair.simulator.fault({ kind: 'refuse-login' })
  await pair.call('/v2/policy')
  const levels = Object.fromEntries(pair.log.filter(line => line.to).map(line => [line.to, line.level]))
  t.strictSame(levels, { authenticating: 20, 'backing-off': 40, ready: 30, rejected: 50 })
  t.match(pair.log[0], { tenant: 'team', from: 'idle', msg: 'tenant team: logging in' })
})

t.test('no access key or token appears in the log or a response, even at level trace', async t => {
  const pair = await startPair(t, { config: { log: { requests: 'all' } }, asksAboutKeys: true })
  const answers = [await pair.call('/v2/policy'), await pair.call('/nowhere'), await pair.call('/echo')]
  pair.simulator.revokeAll()
  pair.simulator.fault({ kind: 'reset', path: '/v2/policy', times: 2 })
  answers.push(await pair.call('/v2/policy'))
  pair.simulator.fault({ kind: 'refuse-login' })
  answers.push(await pair.call('/v2/policy'), await pair.call('/_proxy/status'), await pair.call('/_proxy/metrics'))
  const sent = pair.simulator.requests.flatMap(request => request.headers)
  const tokens = sent.filter(([name]) => name === 'x-redlock-auth').map(([, token]) => token)
  t.ok(tokens.length > 3)
  await until(() => requestLines(pair).length >= answers.length)
  const shown = JSON.stringify([pair.log, answers.map(({ rawHeaders, text }) => [rawHeaders, text])])
  for (const secret of [...tokens, 'not-a-secret-demo-key=', '00000000-demo-demo-demo-000000000000']) {
    t.notOk(shown.includes(secret))
  }
})
