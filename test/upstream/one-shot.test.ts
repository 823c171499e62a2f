import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { buildConnector, Client } from 'undici'
import { OneShotConnections } from '../../src/upstream/one-shot.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { get } from './get.ts'

const OK = http('200 OK', [], 'ok')

/** One-shot connections, and the attempts to connect. */
function makeOneShot(t: Test, connect: buildConnector.connector = buildConnector({})) {
  const tried: buildConnector.Options[] = []
  const oneShot = new OneShotConnections({
    connect(options, done) {
      tried.push(options)
      connect(options, done)
    },
  })
  t.teardown(() => oneShot.destroy())
  return { oneShot, tried }
}

t.test('each request has its own connection, which closes after it', async t => {
  const { url, requests, connections } = await rawUpstream(t, request => request.answer(OK))
  const { oneShot } = makeOneShot(t)
  t.equal(await get(oneShot, url), 'ok')
  t.equal(await get(oneShot, url), 'ok')
  await until(() => connections() === 0)
  t.equal(new Set(requests.map(({ socket }) => socket)).size, 2)
  for (const { head } of requests) t.match(head, /^connection: close$/m)
})

t.test('a request that cannot be sent opens no connection and leaks nothing', async t => {
  const ended = t.capture(Client.prototype, 'destroy', Client.prototype.destroy)
  const { url } = await rawUpstream(t, request => request.answer(OK))
  const { oneShot, tried } = makeOneShot(t)
  await t.rejects(get(oneShot, url, { headers: ['a b', 'c'] }), { code: 'UND_ERR_INVALID_ARG' })
  await until(() => ended().length > 0)
  t.equal(tried.length, 0)
  t.equal(await get(oneShot, url), 'ok')
  t.equal(tried.length, 1)
})

t.test('a request aborted while connecting is not sent', async t => {
  const { url, requests, connections } = await rawUpstream(t, request => request.answer(OK))
  const over = new AbortController()
  const connect = buildConnector({})
  const { oneShot } = makeOneShot(t, (options, done) => {
    over.abort(new Error('left'))
    connect(options, done)
  })
  await t.rejects(get(oneShot, url, { signal: over.signal }), { message: 'left' })
  await get(makeOneShot(t).oneShot, url)
  await until(() => connections() === 0)
  t.equal(requests.length, 1)
})

t.test('no second connection is opened for an aborted request or after a lost connection', async t => {
  const { url, requests, connections } = await rawUpstream(t, () => {})
  const { oneShot, tried } = makeOneShot(t)
  const over = new AbortController()
  const givenUp = t.rejects(get(oneShot, url, { signal: over.signal }), { message: 'left' })
  await until(() => requests.length === 1)
  over.abort(new Error('left'))
  await givenUp
  await until(() => connections() === 0)
  const ended = t.rejects(get(oneShot, url), { code: 'UND_ERR_SOCKET' })
  await until(() => requests.length === 2)
  requests[1]?.socket.end()
  await ended
  await until(() => connections() === 0)
  t.equal(tried.length, 2)
})

t.test('a failed connection is not retried, and its request is not kept in memory', async t => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  for (const code of ['ECONNREFUSED', 'UND_ERR_SOCKET', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    const failure = Object.assign(new Error('refused'), { code })
    const { oneShot, tried } = makeOneShot(t, (_options, done) => setImmediate(done, failure, null))
    const body = new WeakRef(Buffer.from('a secret'))
    await new Promise<void>(resolve =>
      oneShot.dispatch(
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
  const { oneShot, tried } = makeOneShot(t)
  const failure = t.rejects(get(oneShot, url), { code: 'UND_ERR_DESTROYED' })
  await until(() => requests.length === 1)
  await oneShot.destroy()
  await failure
  await until(() => connections() === 0)
  await t.rejects(get(oneShot, url), { code: 'UND_ERR_DESTROYED' })
  t.equal(tried.length, 1)
})
