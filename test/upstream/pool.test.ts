import { EventEmitter, once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import type { Dispatcher } from '../../src/upstream/dispatcher.ts'
import { PassingHandler } from '../../src/upstream/undici/handler.ts'
import { connect, makePool } from '../support/pool.ts'
import { until } from '../support/until.ts'
import { type Handler, http, type RawRequest, rawUpstream } from '../support/upstream.ts'
import { get } from './get.ts'

const OK = http('200 OK', [], 'ok')

/** An upstream whose responses wait until the test sends them. */
async function patientUpstream(t: Test) {
  const answered: RawRequest[] = []
  const waiting: (() => void)[] = []
  const upstream = await rawUpstream(t, async request => {
    await new Promise<void>(resolve => waiting.push(resolve))
    answered.push(request)
    request.answer(OK)
  })
  return { ...upstream, waiting, answered }
}

class FailingHandler extends PassingHandler {
  override onResponseEnd(): void {
    throw new Error('at the end')
  }
}

const answering: Handler = request => request.answer(OK)

t.test('concurrent requests have a connection each, and the next request reuses the last one', async t => {
  const { url, requests, waiting, answered } = await patientUpstream(t)
  const pool = makePool(t)
  let ended = 0
  for (let number = 0; number < 5; number++) void get(pool, url).then(() => ended++)
  await until(() => waiting.length === 5)
  t.equal(new Set(requests.map(({ socket }) => socket)).size, 5)
  for (const at of [3, 0, 4, 1, 2]) {
    const before = ended
    waiting[at]?.()
    await until(() => ended > before)
  }
  const next = get(pool, url)
  await until(() => waiting.length === 6)
  waiting[5]?.()
  t.equal(await next, 'ok')
  t.equal(answered[5]?.socket, answered[4]?.socket)
})

t.test('a connection is free as soon as its response is complete', async t => {
  const { url, requests } = await rawUpstream(t, answering)
  const pool = makePool(t)
  await get(pool, url).then(() => get(pool, url))
  t.equal(requests[1]?.socket, requests[0]?.socket)
})

t.test('each origin has its own connections', async t => {
  const [one, other] = [await rawUpstream(t, answering), await rawUpstream(t, answering)]
  const pool = makePool(t)
  await get(pool, one.url)
  await get(pool, other.url)
  await get(pool, one.url)
  t.match([one.requests.length, other.requests.length], [2, 1])
})

t.test('a connection that the upstream closes is replaced, also under a waiting request', async t => {
  const { url, requests, connections } = await rawUpstream(t, request => {
    request.answer(http('200 OK', ['connection: close'], 'ok'))
    request.socket.end()
  })
  const pool = makePool(t)
  const again = () => get(pool, url)
  t.equal(await again().then(again).then(again), 'ok')
  await until(() => connections() === 0)
  t.equal(await again(), 'ok')
  t.equal(new Set(requests.map(({ socket }) => socket)).size, 4)
})

t.test('a free connection is preferred to one that was closed', async t => {
  const { url, requests, waiting, connections } = await patientUpstream(t)
  const pool = makePool(t)
  const both = [get(pool, url), get(pool, url)]
  await until(() => waiting.length === 2)
  for (const answer of waiting) answer()
  await Promise.all(both)
  requests[1]?.socket.end()
  await until(() => connections() === 1)
  const next = get(pool, url)
  await until(() => waiting.length === 3)
  waiting[2]?.()
  await next
  t.equal(requests[2]?.socket, requests[0]?.socket)
})

t.test('requests fail while the upstream is unreachable, and succeed afterwards', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  const pool = makePool(t)
  const url = `http://127.0.0.1:${port}`
  await t.rejects(get(pool, url), { name: 'ConnectError' })
  await t.rejects(get(pool, url), { name: 'ConnectError' })
  server.listen(port, '127.0.0.1').on('connection', socket => socket.on('data', () => socket.end(OK)))
  t.teardown(() => server.close())
  t.equal(await get(pool, url), 'ok')
})

t.test('a failed connection is not retried while another is free', async t => {
  const { url, waiting } = await patientUpstream(t)
  const control = new EventEmitter()
  const refusal = once(control, 'refusal')
  const pool = makePool(t, {
    async connect(...args) {
      if (waiting.length === 0) return connect(...args)
      await refusal
      throw new Error('refused')
    },
  })
  const first = get(pool, url)
  await until(() => waiting.length === 1)
  const failure = t.rejects(get(pool, url), { message: 'refused' })
  waiting[0]?.()
  await first
  control.emit('refusal')
  await failure
  const next = get(pool, url)
  await Promise.race([next, until(() => waiting.length === 2)])
  waiting[1]?.()
  t.equal(await next, 'ok')
})

t.test('no second connection is opened for an aborted request', async t => {
  const { url, waiting, connections } = await patientUpstream(t)
  let made = 0
  const pool = makePool(t, {
    connect(...args) {
      made++
      return connect(...args)
    },
  })
  const running = get(pool, url)
  await until(() => waiting.length === 1)
  const over = new AbortController()
  const givenUp = t.rejects(get(pool, url, { signal: over.signal }), { message: 'the client has left' })
  await until(() => waiting.length === 2)
  over.abort(new Error('the client has left'))
  await givenUp
  await until(() => connections() === 1)
  waiting[0]?.()
  await running
  t.equal(made, 2)
})

t.test('a request that cannot be sent, or whose handler throws at the end, returns its connection once', async t => {
  const { url, requests } = await rawUpstream(t, answering)
  const pool = makePool(t)
  await t.rejects(get(pool, url, { headers: ['a b', 'c'] }), { code: 'UND_ERR_INVALID_ARG' })
  const failing: Dispatcher = {
    dispatch: (options, handler) => pool.dispatch(options, new FailingHandler(handler)),
    destroy: async () => {},
  }
  await t.rejects(get(failing, url), { message: 'at the end' })
  await Promise.all([get(pool, url), get(pool, url)])
  t.equal(new Set(requests.map(({ socket }) => socket)).size, 2)
})

t.test('destroy() fails running requests, closes all connections, and rejects new requests', async t => {
  const { url, waiting, connections } = await patientUpstream(t)
  const pool = makePool(t)
  const failure = t.rejects(get(pool, url), { code: 'UND_ERR_DESTROYED' })
  await until(() => waiting.length === 1)
  const idle = get(pool, url)
  await until(() => waiting.length === 2)
  waiting[1]?.()
  await idle
  await pool.destroy()
  await failure
  await until(() => connections() === 0)
  await t.rejects(get(pool, url), { code: 'UND_ERR_DESTROYED' })
})
