import t, { type Test } from 'tap'
import { buildConnector, type Client } from 'undici'
import { FreshConnections } from '../../src/upstream/fresh-connections.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { get } from './get.ts'

const OK = http('200 OK', [], 'ok')

function freshConnections(t: Test, options: Client.Options = {}): FreshConnections {
  const fresh = new FreshConnections(options)
  t.teardown(() => fresh.destroy())
  return fresh
}

t.test('each request has a connection of its own, which ends with it', async t => {
  const { url, requests, connections } = await rawUpstream(t, request => request.answer(OK))
  const fresh = freshConnections(t)
  t.equal(await get(fresh, url), 'ok')
  t.equal(await get(fresh, url), 'ok')
  await until(() => connections() === 0)
  t.equal(new Set(requests.map(({ socket }) => socket)).size, 2)
  for (const { head } of requests) t.match(head, /^connection: close$/m)
})

t.test('a request that cannot be sent opens no connection', async t => {
  const { url, requests, connections } = await rawUpstream(t, request => request.answer(OK))
  const fresh = freshConnections(t)
  await t.rejects(get(fresh, url, { headers: ['a b', 'c'] }), { code: 'UND_ERR_INVALID_ARG' })
  t.match([requests.length, connections()], [0, 0])
})

t.test('a request that is given up while its connection is made is not sent', async t => {
  const { url, requests, connections } = await rawUpstream(t, request => request.answer(OK))
  const over = new AbortController()
  const connect = buildConnector({})
  const fresh = freshConnections(t, {
    connect(options, done) {
      over.abort(new Error('left'))
      connect(options, done)
    },
  })
  await t.rejects(get(fresh, url, { signal: over.signal }), { message: 'left' })
  await get(freshConnections(t), url)
  await until(() => connections() === 0)
  t.equal(requests.length, 1)
})

t.test('when it is destroyed, what runs fails, nothing stays open, and nothing is sent any more', async t => {
  const { url, requests, connections } = await rawUpstream(t, () => {})
  const fresh = freshConnections(t)
  const failure = t.rejects(get(fresh, url), { code: 'UND_ERR_DESTROYED' })
  await until(() => requests.length === 1)
  await fresh.destroy()
  await failure
  await until(() => connections() === 0)
  await t.rejects(get(fresh, url), { code: 'UND_ERR_DESTROYED' })
  t.equal(requests.length, 1)
})
