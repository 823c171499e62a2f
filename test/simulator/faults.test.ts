import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { settle } from '../support/clock.ts'
import { CREDENTIALS, reason, rig } from './client.ts'

t.test('a fault applies once by default, and is counted', async t => {
  const { call, login, simulator } = await rig(t)
  const token = await login()
  simulator.fault({ kind: 'status', status: 500 })
  t.equal((await call('/cloud', { token })).status, 500)
  t.equal((await call('/cloud', { token })).status, 200)
  simulator.fault({ kind: 'status', status: 500, times: 2 })
  const statuses: number[] = []
  for (let round = 0; round < 3; round++) statuses.push((await call('/cloud', { token })).status)
  t.same(statuses, [500, 500, 200])
  t.equal(simulator.counts.faults, 3)
})

t.test('a fault applies to a path prefix, in the order in which faults were queued', async t => {
  const { call, login, simulator } = await rig(t)
  const token = await login()
  simulator.fault({ kind: 'status', status: 500, path: '/v2/' })
  simulator.fault({ kind: 'status', status: 501, times: Number.POSITIVE_INFINITY })
  t.equal((await call('/cloud', { token })).status, 501)
  t.equal((await call('/v2/policy', { token })).status, 500)
  t.equal((await call('/v2/policy', { token })).status, 501)
  simulator.clearFaults()
  t.equal((await call('/v2/policy', { token })).status, 200)
})

t.test('a login can be refused, or return no token; other paths are not affected', async t => {
  const { call, login, simulator } = await rig(t)
  const token = await login()
  const tryLogin = () => call('/login', { method: 'POST', json: CREDENTIALS })
  simulator.fault({ kind: 'refuse-login' })
  simulator.fault({ kind: 'no-token' })
  t.equal((await call('/cloud', { token })).status, 200)
  const refused = await tryLogin()
  t.equal(refused.status, 401)
  t.equal(reason(refused), 'invalid_credentials')
  const empty = await tryLogin()
  t.equal(empty.status, 200)
  t.same(empty.json(), { message: 'login_successful', customerNames: [] })
  t.equal((await tryLogin()).status, 200)
})

t.test('tokens can expire or be revoked just before a request is verified', async t => {
  const { call, login, simulator } = await rig(t)
  const first = await login()
  simulator.fault({ kind: 'expire', path: '/cloud' })
  t.equal(reason(await call('/cloud', { token: first })), 'token_expired')
  const second = await login()
  simulator.fault({ kind: 'revoke', path: '/cloud' })
  t.equal(reason(await call('/cloud', { token: second })), 'invalid_token')
})

t.test('a status is returned as by a gateway, or with the given headers and body', async t => {
  const { call, simulator } = await rig(t)
  const get = (fault: { status: number; headers?: Record<string, string>; body?: string }) => {
    simulator.fault({ kind: 'status', ...fault })
    return call('/cloud')
  }
  const throttled = await get({ status: 429 })
  t.equal(throttled.headers['x-ratelimit-remaining'], '0')
  t.match(throttled.text, '429 Too Many Requests')
  t.equal((await get({ status: 503 })).headers['retry-after'], '1')
  t.equal((await get({ status: 503, headers: { 'Retry-After': '7' } })).headers['retry-after'], '7')
  t.match((await get({ status: 599 })).text, '599 Unknown')
  const own = await get({ status: 502, headers: { 'content-type': 'text/plain' }, body: 'no healthy upstream' })
  t.equal(own.headers['content-type'], 'text/plain')
  t.equal(own.text, 'no healthy upstream')
  t.ok(own.headers['x-redlock-request-id'])
  const empty = await get({ status: 204 })
  t.equal(empty.text, '')
  t.equal(empty.headers['content-length'], undefined)
})

t.test('a status does not wait for the body, and the connection stays usable', async t => {
  const { simulator, login } = await rig(t)
  const token = await login()
  simulator.fault({ kind: 'status', status: 503 })
  const socket = connect(Number(new URL(simulator.url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab')
  t.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 503 /)
  t.equal(simulator.requests.at(-1)?.body, null)
  socket.write(`cdGET /cloud HTTP/1.1\r\nhost: x\r\nx-redlock-auth: ${token}\r\n\r\n`)
  t.match(String((await once(socket, 'data'))[0]), /HTTP\/1.1 200 /)
  t.equal(simulator.requests.at(-2)?.body?.bytes, 4)
})

t.test('a response can be complete HTTP with truncated JSON', async t => {
  const { call, login, simulator } = await rig(t)
  const token = await login()
  const whole = await call('/cloud', { token })
  simulator.fault({ kind: 'cut-json' })
  const reply = await call('/cloud', { token })
  t.equal(reply.status, 200)
  t.throws(reply.json, SyntaxError)
  t.equal(reply.text, whole.text.slice(0, Math.floor(whole.text.length / 2)))
})

t.test('the connection can close after half of the body', async t => {
  const { login, simulator } = await rig(t)
  const token = await login()
  simulator.fault({ kind: 'cut', path: '/download' })
  const socket = connect(Number(new URL(simulator.url).port), '127.0.0.1')
  socket.write(`GET /download?bytes=200001 HTTP/1.1\r\nhost: x\r\nx-redlock-auth: ${token}\r\n\r\n`)
  const chunks: Buffer[] = await socket.toArray()
  const [head = '', body = ''] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n')
  t.match(head, 'content-length: 200001')
  t.equal(body.length, 100_000)
})

t.test('a body too short to be halved is dropped, but the headers arrive', async t => {
  const { login, simulator } = await rig(t)
  const token = await login()
  simulator.fault({ kind: 'cut', path: '/download' })
  const socket = connect(Number(new URL(simulator.url).port), '127.0.0.1')
  socket.write(`GET /download?bytes=1 HTTP/1.1\r\nhost: x\r\nx-redlock-auth: ${token}\r\n\r\n`)
  const chunks: Buffer[] = await socket.toArray()
  t.match(Buffer.concat(chunks).toString(), /^HTTP\/1.1 200 .*content-length: 1\r\n.*\r\n\r\n$/s)
})

t.test('the connection can close before any response', async t => {
  const { call, simulator } = await rig(t)
  simulator.fault({ kind: 'reset' })
  await t.rejects(call('/cloud'), { code: 'UND_ERR_SOCKET' })
  t.equal(simulator.requests.at(-1)?.status, null)
})

t.test('a request can hang until the simulator closes', async t => {
  const { call, simulator } = await rig(t)
  simulator.fault({ kind: 'hang' })
  const hanging = call('/cloud')
  hanging.catch(() => {})
  while (simulator.requests.length === 0) await settle()
  await simulator.close()
  await t.rejects(hanging, { code: 'UND_ERR_SOCKET' })
})

t.test('a response can be delayed by the clock', async t => {
  const { call, clock, login, simulator } = await rig(t)
  const token = await login()
  simulator.fault({ kind: 'slow', delay: 5_000 })
  const slow = call('/cloud', { token })
  while (simulator.requests.length < 2) await settle()
  await clock.advance(4_999)
  t.equal(simulator.requests.at(-1)?.status, null)
  await clock.advance(1)
  t.equal((await slow).status, 200)
})

t.test('a delayed response leaves no timer behind when the client disconnects', async t => {
  const timers = new Set<object>()
  const clock = {
    now: () => 0,
    setTimeout: () => {
      const timer = {}
      timers.add(timer)
      return timer
    },
    clearTimeout: (timer: object) => timers.delete(timer),
  }
  const { simulator } = await rig(t, { clock })
  simulator.fault({ kind: 'slow', delay: 5_000 })
  const socket = connect(Number(new URL(simulator.url).port), '127.0.0.1')
  socket.write('GET /cloud HTTP/1.1\r\nhost: x\r\n\r\n')
  while (timers.size === 0) await settle()
  socket.destroy()
  while (timers.size > 0) await settle()
  t.equal(simulator.requests.at(-1)?.status, null)
})
