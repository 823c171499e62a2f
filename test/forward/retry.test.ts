import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { type Handler, http, type RawRequest, rawUpstream } from '../support/upstream.ts'

const breaking: Handler = async request => {
  await request.body()
  request.socket.destroy()
}

/** A proxy whose kept connection to the upstream breaks, when asked to, as the next request comes on it. */
async function fragile(t: Test) {
  const used = new Set<Socket>()
  let isBreaking = false
  const upstream = await rawUpstream(t, async request => {
    await request.body()
    const breaks = isBreaking && used.has(request.socket)
    used.add(request.socket)
    if (!breaks) return request.answer(http('200 OK', [], 'fine'))
    isBreaking = false
    request.socket.destroy()
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  const callOnBroken = async (method: string, body?: string, path = '/x') => {
    await call('/warm')
    await call('/warm')
    isBreaking = true
    const before = upstream.requests.length
    const reply = await call(path, { method, ...(body !== undefined && { body }) })
    return { reply, sent: upstream.requests.length - before }
  }
  return { call, callOnBroken }
}

t.test('a request that can be repeated is sent again once when a kept connection breaks', async t => {
  const { callOnBroken } = await fragile(t)
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
    const { reply, sent } = await callOnBroken(method, method === 'PUT' ? 'body' : undefined)
    t.match(reply, { status: 200, headers: { 'x-prismacloud-proxy-replayed': '1' } }, method)
    t.equal(sent, 2)
  }
})

t.test('the upstream counts it twice, and so does its limit here', async t => {
  const { call, callOnBroken } = await fragile(t)
  t.equal((await callOnBroken('GET', undefined, '/v2/alert')).sent, 2)
  const [known] = (await call('/_proxy/status')).json().pacing.endpoints
  t.match(known, { endpoint: 'GET /v2/alert', limit: { remaining: 8 } })
})

t.test('it goes on a connection of its own, for others that were kept may be broken as well', async t => {
  const used = new Set<Socket>()
  const upstream = await rawUpstream(t, request => {
    if (used.has(request.socket)) request.socket.destroy()
    used.add(request.socket)
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  const arrived = async (count: number) => {
    await until(() => upstream.requests.length === count)
    return upstream.requests[count - 1] as RawRequest
  }
  const other = call('/other')
  const first = await arrived(1)
  const reply = call('/x')
  const second = await arrived(2)
  first.answer(http('200 OK'))
  await other
  second.socket.destroy()
  ;(await arrived(3)).answer(http('200 OK'))
  t.match(await reply, { status: 200, headers: { 'x-prismacloud-proxy-replayed': '1' } })
  t.equal(used.size, 3)
})

t.test('a POST or PATCH is not, because it might be done twice', async t => {
  const { callOnBroken } = await fragile(t)
  for (const method of ['POST', 'PATCH']) {
    const { reply, sent } = await callOnBroken(method, 'body')
    t.equal(reply.status, 502, method)
    t.notOk('x-prismacloud-proxy-replayed' in reply.headers)
    t.match(reply.json(), { type: '/_proxy/problems/upstream-unreachable', detail: /closed the connection/ })
    t.equal(sent, 1)
  }
})

t.test('an upstream that always breaks off is asked twice and no more', async t => {
  const upstream = await rawUpstream(t, breaking)
  const { call } = await startProxy(t, { upstream: upstream.url })
  const reply = await call('/x')
  t.match(reply, { status: 502, headers: { 'x-prismacloud-proxy-replayed': '1' } })
  t.match(reply.json(), { type: '/_proxy/problems/upstream-unreachable', retryable: true })
  t.equal(upstream.requests.length, 2)
})

t.test('a body larger than what is kept cannot be sent again', async t => {
  const upstream = await rawUpstream(t, breaking)
  const { call } = await startProxy(t, { upstream: upstream.url, config: { replay: { maxBody: 3 } } })
  t.equal((await call('/x', { method: 'PUT', body: 'body' })).status, 502)
  t.equal(upstream.requests.length, 1)
})
