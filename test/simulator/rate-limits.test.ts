import t from 'tap'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { CREDENTIALS, claims, rig } from './client.ts'

t.test('the declared burst is allowed, counting down, then a gateway returns 429', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  for (let left = 9; left >= 0; left--) {
    const { status, headers } = await call('/v2/alert?limit=1', { token })
    t.equal(status, 200)
    t.equal(headers['x-ratelimit-remaining'], String(left))
    t.equal(headers['x-ratelimit-burst-capacity'], '10')
    t.equal(headers['x-ratelimit-replenish-rate'], '2')
    t.equal(headers['x-ratelimit-requested-tokens'], '1')
  }
  const { status, headers, text } = await call('/v2/alert?limit=1', { token })
  t.equal(status, 429)
  t.equal(headers['x-ratelimit-remaining'], '0')
  t.match(headers['content-type'], 'text/html')
  t.match(text, '<title>429 Too Many Requests</title>')
  t.equal(headers['x-redlock-status'], undefined)
})

t.test('a bucket refills when the whole seconds of the clock change, wherever in a second it was used', async t => {
  const { call, clock, login } = await rig(t, { rateLimits: { 'GET /cloud': { rate: 2, burst: 3 } } })
  const token = await login()
  const remaining = async () => (await call('/cloud', { token })).headers['x-ratelimit-remaining']
  await clock.advance(950)
  t.equal(await remaining(), '2')
  t.equal(await remaining(), '1')
  t.equal(await remaining(), '0')
  await clock.advance(40)
  t.equal((await call('/cloud', { token })).status, 429)
  await clock.advance(10)
  t.equal(await remaining(), '1', 'all tokens of the second are there')
  t.equal(await remaining(), '0')
  await clock.advance(990)
  t.equal((await call('/cloud', { token })).status, 429)
  clock.jump(-60_000)
  t.equal((await call('/cloud', { token })).status, 429, 'a clock set back does not fill it')
  await clock.advance(10)
  t.equal(await remaining(), '1', 'but seconds count from there')
  await clock.advance(60_000)
  t.equal(await remaining(), '2')
})

t.test('a bucket that would be full in less than half a second is never kept', async t => {
  const { call, login } = await rig(t, { rateLimits: { 'GET /cloud': { rate: 3, burst: 1 } } })
  const token = await login()
  for (let round = 0; round < 5; round++)
    t.equal((await call('/cloud', { token })).headers['x-ratelimit-remaining'], '0')
})

t.test('while the store of the limiter is down, nothing is counted and nothing is refused', async t => {
  const { call, login, simulator } = await rig(t, { rateLimits: { 'GET /cloud': { rate: 1, burst: 2 } } })
  const token = await login()
  const outcome = async (path = '/cloud') => {
    const { status, headers } = await call(path, { token })
    return [status, headers['x-ratelimit-remaining'], headers['x-ratelimit-burst-capacity']]
  }
  t.strictSame(await outcome(), [200, '1', '2'])
  simulator.fault({ kind: 'limiter-down', times: 4 })
  for (let round = 0; round < 3; round++) t.strictSame(await outcome(), [200, '-1', '2'])
  t.strictSame(await outcome('/policy'), [404, undefined, undefined])
  t.strictSame(await outcome(), [200, '0', '2'])
  t.strictSame(await outcome(), [429, '0', '2'])
})

t.test('a continuous bucket refills at its rate up to its burst, and a clock set back does not drain it', async t => {
  const rateLimits = { 'GET /cloud': { rate: 2, burst: 3 } }
  const { call, clock, login } = await rig(t, { rateLimits, refill: 'continuous' })
  const token = await login()
  const remaining = async () => (await call('/cloud', { token })).headers['x-ratelimit-remaining']
  await clock.advance(10_000)
  t.equal(await remaining(), '2')
  t.equal(await remaining(), '1')
  clock.jump(-5_000)
  t.equal(await remaining(), '0')
  await clock.advance(499)
  t.equal((await call('/cloud', { token })).status, 429)
  await clock.advance(1)
  t.equal((await call('/cloud', { token })).status, 200)
  await clock.advance(60_000)
  t.equal(await remaining(), '2')
})

t.test('limits apply per user over all tokens, and per endpoint over all values of its variables', async t => {
  const other = { ...DEMO_USER, accessKeyId: 'other' }
  const rateLimits = { 'GET /alert/{id}': { rate: 1, burst: 1 }, 'GET /cloud': { rate: 1, burst: 1 } }
  const { call, login } = await rig(t, { users: [DEMO_USER, other], rateLimits })
  t.equal((await call('/alert/P-1000', { token: await login() })).status, 200)
  const token = await login()
  t.equal((await call('/alert/P-1001', { token })).status, 429)
  t.equal((await call('/cloud', { token })).status, 200)
  const json = { ...CREDENTIALS, username: 'other' }
  const { token: others } = (await call('/login', { method: 'POST', json })).json()
  t.equal((await call('/alert/P-1001', { token: others })).status, 200)
})

t.test('access keys of the same user share a bucket', async t => {
  const own = { ...DEMO_USER, user: 'somebody' }
  const second = { ...own, accessKeyId: 'second' }
  const rateLimits = { 'GET /cloud': { rate: 1, burst: 1 } }
  const { call, login } = await rig(t, { users: [own, second], rateLimits })
  const json = { ...CREDENTIALS, username: 'second' }
  const { token } = (await call('/login', { method: 'POST', json })).json()
  t.match(claims(token), { sub: 'somebody', accessKeyId: 'second' })
  const { token: extended } = (await call('/auth_token/extend', { token })).json()
  t.match(claims(extended), { sub: 'somebody', accessKeyId: 'second' })
  t.equal((await call('/cloud', { token: extended })).status, 200)
  t.equal((await call('/cloud', { token: await login() })).status, 429)
})

t.test('an endpoint without a limit sends no rate limit headers', async t => {
  const { call, login } = await rig(t)
  t.equal((await call('/cloud', { token: await login() })).headers['x-ratelimit-remaining'], undefined)
})

t.test('a request that is rejected for its content is counted', async t => {
  const { call, login } = await rig(t)
  const reply = await call('/v2/alert', { method: 'POST', token: await login(), json: {} })
  t.equal(reply.status, 400)
  t.equal(reply.headers['x-ratelimit-remaining'], '9')
})

t.test('logins can be limited too', async t => {
  const { call } = await rig(t, { rateLimits: { 'POST /login': { rate: 1, burst: 1 } } })
  t.equal((await call('/login', { method: 'POST', json: CREDENTIALS })).status, 200)
  t.equal((await call('/login', { method: 'POST', json: CREDENTIALS })).status, 429)
})
