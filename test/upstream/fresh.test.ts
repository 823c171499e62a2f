import type { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import type { PoolOptions } from '../../src/upstream/pool/pool-options.ts'
import { connect as connectTo, makePool } from '../support/pool.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { get } from './get.ts'

const OK = http('200 OK', [], 'ok')

/** Fresh connections, and the attempts to connect. */
function makeFresh(t: Test, connect: PoolOptions['connect'] = connectTo) {
  const tried: string[] = []
  const pool = makePool(t, {
    connect(origin, protocols) {
      tried.push(origin)
      return connect(origin, protocols)
    },
  })
  return { pool, fresh: pool.fresh, tried }
}

t.test('each request has a new connection, which the pool keeps', async t => {
  const { url, requests } = await rawUpstream(t, request => request.answer(OK))
  const { fresh, pool } = makeFresh(t)
  for (const dispatcher of [fresh, fresh, pool]) t.equal(await get(dispatcher, url), 'ok')
  const [first, second, third] = requests.map(({ socket }) => socket)
  t.not(first, second)
  t.equal(second, third)
})

t.test('a request that cannot be sent leaves its connection to the next', async t => {
  const { url } = await rawUpstream(t, request => request.answer(OK))
  const { pool, fresh, tried } = makeFresh(t)
  await t.rejects(get(fresh, url, { headers: ['a b', 'c'] }), { code: 'UND_ERR_INVALID_ARG' })
  t.equal(await get(pool, url), 'ok')
  t.equal(tried.length, 1)
})

t.test('a request aborted while connecting is not sent', async t => {
  const { url, requests, connections } = await rawUpstream(t, request => request.answer(OK))
  const over = new AbortController()
  const other = makeFresh(t)
  const { pool, fresh } = makeFresh(t, (...args) => {
    over.abort(new Error('left'))
    return connectTo(...args)
  })
  await t.rejects(get(fresh, url, { signal: over.signal }), { message: 'left' })
  await get(other.fresh, url)
  await Promise.all([pool.destroy(), other.pool.destroy()])
  await until(() => connections() === 0)
  t.equal(requests.length, 1)
})

t.test('no second connection is opened for an aborted request or after a lost connection', async t => {
  const { url, requests, connections } = await rawUpstream(t, () => {})
  const { fresh, tried } = makeFresh(t)
  const over = new AbortController()
  const givenUp = t.rejects(get(fresh, url, { signal: over.signal }), { message: 'left' })
  await until(() => requests.length === 1)
  over.abort(new Error('left'))
  await givenUp
  await until(() => connections() === 0)
  const ended = t.rejects(get(fresh, url), { code: 'UND_ERR_SOCKET' })
  await until(() => requests.length === 2)
  requests[1]?.socket.end()
  await ended
  await until(() => connections() === 0)
  t.equal(tried.length, 2)
})

t.test('a failed connection is not retried, and its request is not kept in memory', async t => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  for (const code of ['ECONNREFUSED', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    const failure = Object.assign(new Error('refused'), { code })
    const { fresh, tried } = makeFresh(t, async () => {
      throw failure
    })
    const body = new WeakRef(Buffer.from('a secret'))
    await new Promise<void>(resolve =>
      fresh.dispatch(
        { origin: 'http://localhost', path: '/', method: 'POST', body: body.deref() ?? null },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData() {},
          onResponseEnd() {},
          onResponseError(_controller, error) {
            t.equal(error, failure)
            resolve()
          },
        },
      ),
    )
    await until(() => {
      collect()
      return body.deref() === undefined
    })
    t.equal(tried.length, 1)
  }
})

t.test('destroy() fails running requests, closes all connections, and rejects new requests', async t => {
  const { url, requests, connections } = await rawUpstream(t, () => {})
  const { fresh, tried } = makeFresh(t)
  const failure = t.rejects(get(fresh, url), { code: 'UND_ERR_DESTROYED' })
  await until(() => requests.length === 1)
  await fresh.destroy()
  await failure
  await until(() => connections() === 0)
  await t.rejects(get(fresh, url), { code: 'UND_ERR_DESTROYED' })
  t.equal(tried.length, 1)
})

t.test('the first request has the connection that was opened early, before or after it is there', async t => {
  const { url, requests, connections } = await rawUpstream(t, request => request.answer(OK))
  for (const isOpen of [true, false]) {
    const { pool, fresh, tried } = makeFresh(t)
    pool.connectEarly(url)
    pool.connectEarly(url)
    if (isOpen) await until(() => connections() === 1)
    t.equal(await get(fresh, url), 'ok')
    t.equal(tried.length, 1)
    t.equal(await get(fresh, url), 'ok')
    t.equal(tried.length, 2)
    await pool.destroy()
    await until(() => connections() === 0)
  }
  t.equal(requests.length, 4)
})

t.test('one that was opened early and has ended meanwhile is forgotten', async t => {
  const { url, connections } = await rawUpstream(t, request => request.answer(OK))
  const sockets: Socket[] = []
  const { pool, fresh, tried } = makeFresh(t, async (...args) => {
    const socket = await connectTo(...args)
    sockets.push(socket)
    return socket
  })
  pool.connectEarly(url)
  await until(() => connections() === 1)
  sockets[0]?.destroy()
  await until(() => connections() === 0)
  t.equal(await get(fresh, url), 'ok')
  t.equal(tried.length, 2)
})
