import t from 'tap'
import { passTime, testClock } from '../support/clock.ts'
import { open } from '../support/http.ts'
import { type ProxyOptions, startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, type RawRequest, rawUpstream } from '../support/upstream.ts'
import { growingBody } from './growing-body.ts'

/** How long a request waits for a session, in milliseconds. */
const WAIT_TIMEOUT = 15_000

const LIMIT = ['x-ratelimit-replenish-rate: 2', 'x-ratelimit-burst-capacity: 10', 'x-ratelimit-remaining: 0']

/** A proxy before an upstream that refuses the first requests and serves the rest. */
async function rig(
  t: Parameters<typeof startProxy>[0],
  refusal: string,
  times: number,
  config: ProxyOptions['config'] = {},
) {
  const clock = testClock()
  const bodies: string[] = []
  const upstream = await rawUpstream(t, async (request: RawRequest) => {
    bodies.push(`${await request.body()}`)
    request.answer(times-- > 0 ? refusal : http('200 OK', [], 'fine'))
  })
  return { clock, bodies, upstream, ...(await startProxy(t, { upstream: upstream.url, clock, config })) }
}

const REFUSED_429 = http('429 Too Many Requests', LIMIT, '<html>slow down</html>')
const REFUSED_503 = http('503 Service Unavailable', ['retry-after: 2'], 'later')

t.test('a request that the upstream refuses for now is sent again, and says so', async t => {
  for (const refusal of [REFUSED_429, REFUSED_503]) {
    const { call, clock, upstream } = await rig(t, refusal, 2)
    const reply = await passTime(clock, call('/x'))
    t.match(reply, { status: 200, text: 'fine', headers: { 'x-prismacloud-proxy-replayed': '1' } })
    t.match(reply.headers['server-timing'], /queue;dur=[1-9]/)
    t.equal(upstream.requests.length, 3)
  }
})

t.test('what 429 refused was not done: a body that was kept is sent again, whole', async t => {
  const { call, clock, bodies } = await rig(t, REFUSED_429, 1)
  const body = 'x'.repeat(100_000)
  t.match(await passTime(clock, call('/x', { method: 'POST', body })), { status: 200 })
  t.strictSame(bodies, [body, body])
})

t.test('what 503 refused may have been done: only what may be done twice is sent again', async t => {
  const { call, clock, upstream } = await rig(t, REFUSED_503, 1)
  t.match(await call('/x', { method: 'POST', body: '{}' }), { status: 503, headers: { 'retry-after': '2' } })
  t.equal(upstream.requests.length, 1)
  t.match(await passTime(clock, call('/x', { method: 'PUT', body: '{}' })), { status: 200 })
})

t.test('a body that was not kept is not sent again', async t => {
  const { call, upstream } = await rig(t, REFUSED_429, 1, { replay: { maxBody: 10 } })
  t.match(await call('/x', { method: 'POST', body: 'x'.repeat(11) }), { status: 429 })
  t.equal(upstream.requests.length, 1)
})

t.test('a body that outgrows what is kept meanwhile is not sent again', async t => {
  const clock = testClock()
  const upstream = await rawUpstream(t, async request => {
    await request.read(5)
    request.answer(REFUSED_429)
    await request.closed
  })
  const body = growingBody(await startProxy(t, { upstream: upstream.url, clock, config: { replay: { maxBody: 10 } } }))
  await until(() => upstream.requests.length === 1)
  await body.grow()
  const reply = await passTime(clock, body.reply())
  t.equal(reply.status, 429)
  t.equal(upstream.requests.length, 1)
})

t.test('after the last attempt the client is told', async t => {
  const { call, clock, upstream } = await rig(t, REFUSED_429, 10, { retry: { attempts: 2 } })
  const reply = await passTime(clock, call('/x'))
  t.match(reply, { status: 429, headers: { 'retry-after': '1', 'x-prismacloud-proxy-replayed': '1' } })
  t.match(reply.json(), { type: '/_proxy/problems/upstream-error', retryable: true, upstream: { status: 429 } })
  t.equal(upstream.requests.length, 3)
})

t.test('the client is told at once where the wait would be too long, and so is every other', async t => {
  const refusal = http('429 Too Many Requests', ['retry-after: 60'])
  const { call, clock, upstream } = await rig(t, refusal, 1)
  const first = await call('/x')
  t.match(first, { status: 429, headers: { 'retry-after': '60' } })
  t.match(first.json(), { type: '/_proxy/problems/upstream-error' })
  const second = await call('/x')
  t.match(second, { status: 429, headers: { 'retry-after': '30' } })
  t.match(second.json(), { type: '/_proxy/problems/rate-limited' })
  t.equal(upstream.requests.length, 1)
  await clock.advance(60_000)
  t.match(await call('/x'), { status: 200 })
})

t.test('who will not wait, or has switched it off, is told what the upstream said', async t => {
  for (const config of [{}, { pacing: { enabled: false } }, { retry: { attempts: 0 } }]) {
    const { call, upstream } = await rig(t, REFUSED_503, 1, config)
    const headers = 'pacing' in config || 'retry' in config ? {} : { 'x-prismacloud-proxy-pacing': 'off' }
    t.match(await call('/x', { headers }), { status: 503 })
    t.equal(upstream.requests.length, 1)
  }
})

t.test('errors that reach the client as they came are sent again before', async t => {
  const { call, clock, upstream } = await rig(t, REFUSED_429, 4, { errors: 'passthrough' })
  const reply = await passTime(clock, call('/x'))
  t.match(reply, { status: 429, text: '<html>slow down</html>', headers: { 'x-ratelimit-remaining': '0' } })
  t.equal(upstream.requests.length, 4)
  t.match(await passTime(clock, call('/x')), { status: 200, text: 'fine' })
})

t.test('what reaches the client as it came is whole, in the end', async t => {
  const large = 'x'.repeat(70_000)
  const chunked = ['HTTP/1.1 429 Too Many Requests', 'transfer-encoding: chunked', '', '4', 'slow', '0', '', ''].join(
    '\r\n',
  )
  for (const [refusal, text] of [
    [http('429 Too Many Requests', [], large), large],
    [chunked, 'slow'],
  ] as const) {
    const { call, clock, upstream } = await rig(t, refusal, 4, { errors: 'passthrough' })
    t.match(await passTime(clock, call('/x')), { status: 429, text })
    t.equal(upstream.requests.length, 4)
  }
})

t.test('a client that leaves while it waits is not asked for any more', async t => {
  const { port, clock, upstream, app } = await rig(t, REFUSED_503, 1)
  const sent = open(port, '/x')
  sent.end()
  sent.on('error', () => {})
  await until(() => upstream.requests.length === 1)
  const waiting = async () => (await app.server.inject('/_proxy/status')).json().pacing.waiting
  await until(async () => (await waiting()) === 1)
  sent.destroy()
  await until(async () => (await waiting()) === 0)
  await clock.advance(10_000)
  t.equal(upstream.requests.length, 1)
})

t.test('requests for which there is no session all wait for it at the same time', async t => {
  const { app, call, clock, simulator } = await startPair(t, { config: { session: { waitTimeout: WAIT_TIMEOUT } } })
  simulator.fault({ kind: 'hang', path: '/login', times: Number.POSITIVE_INFINITY })
  const from = clock.monotonic()
  const answers = Array.from({ length: 50 }, () => call('/v2/policy'))
  await until(() => app.outstanding().requests === 50)
  const statuses = (await passTime(clock, Promise.all(answers))).map(({ status }) => status)
  t.strictSame(new Set(statuses), new Set([503]))
  t.ok(clock.monotonic() - from < 2 * WAIT_TIMEOUT, 'and not one after the other, though the limit is not known')
})

t.test('a request that loses its session while it waits for a permit takes nothing of the limit', async t => {
  const { call, clock, simulator } = await startPair(t)
  simulator.fault({ kind: 'status', status: 503, path: '/v2/alert', headers: { 'retry-after': '5' } })
  const retried = call('/v2/alert', { method: 'POST', body: '{}' })
  await until(async () => (await call('/_proxy/status')).json().pacing.waiting === 1)
  simulator.fault({ kind: 'revoke' })
  simulator.fault({ kind: 'refuse-login' })
  t.equal((await call('/v2/policy')).status, 502)
  t.equal((await passTime(clock, retried)).status, 502)
  const { endpoints } = (await call('/_proxy/status')).json().pacing
  t.match(endpoints, [{ endpoint: 'POST /v2/alert', limit: { remaining: 10 } }])
})

t.test('a request that is lost on the way keeps nobody waiting', async t => {
  const upstream = await rawUpstream(t, request => {
    const { length } = upstream.requests
    if (length === 2) request.socket.destroy()
    else request.answer(length === 1 ? http('429 Too Many Requests') : http('200 OK', [], 'fine'))
  })
  const clock = testClock()
  const { call } = await startProxy(t, { upstream: upstream.url, clock })
  const post = () => call('/x', { method: 'POST', body: '{}' })
  const waiting = (count: number) => until(async () => (await call('/_proxy/status')).json().pacing.waiting === count)
  const posts = [post()]
  await waiting(1)
  posts.push(post(), post())
  await waiting(3)
  const statuses = (await passTime(clock, Promise.all(posts))).map(({ status }) => status)
  t.strictSame(statuses.sort(), [200, 200, 502])
})
