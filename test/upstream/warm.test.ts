import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { ConnectError } from '../../src/upstream/errors.ts'
import type { PoolOptions } from '../../src/upstream/pool/pool-options.ts'
import { settle, testClock } from '../support/clock.ts'
import { connect as connectTo, makePool } from '../support/pool.ts'
import { until } from '../support/until.ts'
import { type Handler, http, type RawRequest, rawUpstream } from '../support/upstream.ts'
import { get } from './get.ts'

const OK = http('200 OK', [], 'ok')

const IDLE_AFTER = 30 * 60_000

const answering: Handler = request => request.answer(OK)

/** A pool that keeps connections warm, its upstream, and how many connections have been opened. */
async function warm(t: Test, handle: Handler = answering, options: Partial<PoolOptions> = {}) {
  const clock = testClock()
  const upstream = await rawUpstream(t, handle)
  const counts = { opened: 0 }
  const pool = makePool(t, {
    clock,
    warmFor: () => IDLE_AFTER,
    connect(...args) {
      counts.opened++
      return (options.connect ?? connectTo)(...args)
    },
  })
  return {
    ...upstream,
    pool,
    clock,
    counts,
    /** Lets seconds pass, and what they cause happen. */
    async pass(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        await clock.advance(1_000)
        await settle(20)
      }
    },
    get: () => get(pool, upstream.url),
  }
}

t.test('the connection of a login carries the first request', async t => {
  const { pool, url, counts, get: ask } = await warm(t)
  await get(pool.fresh, url)
  t.equal(await ask(), 'ok')
  t.equal(counts.opened, 1)
})

t.test('a connection is replaced before it is too old, so that a request at any time finds one', async t => {
  const { counts, pass, get, requests } = await warm(t)
  await get()
  for (let second = 0; second < 60; second += 4) {
    await pass(4)
    const before = counts.opened
    await get()
    await settle()
    t.equal(counts.opened, before)
  }
  await pass(25)
  const before = counts.opened
  await get()
  t.equal(counts.opened, before)
  t.not(requests.at(-1)?.socket, requests.at(-2)?.socket)
})

t.test('one that the upstream closes is replaced within a second', async t => {
  const { get, requests, pass, connections, counts } = await warm(t)
  await get()
  requests[0]?.socket.end()
  await until(() => connections() === 0)
  await pass(1)
  await until(() => connections() === 1)
  await get()
  t.equal(counts.opened, 2)
})

t.test('one that the upstream closes before its first request is replaced, too', async t => {
  const { get, requests, pass, connections, counts } = await warm(t)
  await get()
  await pass(9)
  await until(() => connections() === 2)
  requests[0]?.socket.end()
  await get()
  t.equal(counts.opened, 2)
})

t.test('what an upstream says without a request ends the connection', async t => {
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {}).on('data', () => socket.end(OK))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { pool, pass, counts } = await warm(t)
  const asked = get(pool, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await asked
  await once(sockets[0] as Socket, 'close')
  await pass(1)
  await until(() => sockets.length === 2)
  sockets[1]?.write(http('408 Request Timeout'))
  await once(sockets[1] as Socket, 'close')
  await pass(1)
  await until(() => counts.opened === 3)
})

t.test('as many are kept as there were requests at once in the last minute or two', async t => {
  const waiting: RawRequest[] = []
  const { get, pass, connections, counts } = await warm(t, request => void waiting.push(request))
  const all = Promise.all(Array.from({ length: 7 }, get))
  await until(() => waiting.length === 7)
  for (const { socket } of waiting) socket.end(OK)
  await all
  await until(() => connections() === 0)
  await pass(1)
  await until(() => connections() === 7)
  await pass(60)
  t.ok(connections() >= 7)
  await pass(300)
  t.ok(connections() <= 2, 'one, and one that is watched')
  const before = counts.opened
  await pass(60)
  t.ok(counts.opened - before <= 3, 'the longer the upstream keeps them, the more rarely they are replaced')
})

t.test('they are let go when nothing has been asked for as long as a session lives', async t => {
  const { get, pass, connections, clock, counts } = await warm(t)
  await get()
  await clock.advance(IDLE_AFTER)
  await pass(300)
  await until(() => connections() === 0)
  const before = counts.opened
  await pass(60)
  t.equal(counts.opened, before)
})

t.test('none is kept ready where the upstream closes them after a few seconds', async t => {
  const opened: Socket[] = []
  const { get, pass, connections } = await warm(t, answering, {
    async connect(...args) {
      const socket = await connectTo(...args)
      opened.push(socket)
      return socket
    },
  })
  await get()
  await pass(9)
  t.equal(opened.length, 2)
  await pass(3)
  opened[1]?.destroy()
  await until(() => connections() === 1)
  await pass(30)
  t.equal(opened.length, 2)
})

t.test('after the machine slept, no connection is used that may have ended meanwhile', async t => {
  const { get, requests, clock } = await warm(t)
  await get()
  clock.jump(3_600_000)
  await get()
  t.not(requests[1]?.socket, requests[0]?.socket)
})

t.test('while none can be opened, the pauses between attempts get longer', async t => {
  let [isDown, tried] = [false, 0]
  const { get, pass, requests, connections } = await warm(t, answering, {
    async connect(...args) {
      if (!isDown) return connectTo(...args)
      tried++
      throw new ConnectError(new Error('down'))
    },
  })
  await get()
  isDown = true
  requests[0]?.socket.end()
  await until(() => connections() === 0)
  await pass(600)
  t.ok(tried >= 5 && tried <= 100, `${tried} attempts in 10 minutes`)
  isDown = false
  await pass(60)
  await until(() => connections() >= 1)
})

t.test('a request takes a connection that is being opened already', async t => {
  const { get, pass, counts, requests, connections } = await warm(t)
  await get()
  requests[0]?.socket.end()
  await until(() => connections() === 0)
  const asked = pass(1).then(() => {})
  await get()
  await asked
  t.equal(counts.opened, 2)
})

t.test('with other options, other connections are kept warm', async t => {
  const { get, pool, counts, pass, clock, requests, connections } = await warm(t)
  await get()
  const opened: string[] = []
  pool.renew({
    clock,
    connect: (origin, ...rest) => {
      opened.push(origin)
      return connectTo(origin, ...rest)
    },
    warmFor: () => IDLE_AFTER,
    http2: false,
    limits: { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 1024 },
  })
  await until(() => opened.length === 1 && connections() === 1)
  await get()
  await pass(1)
  t.strictSame([counts.opened, opened.length, requests.length], [1, 1, 2])
})
