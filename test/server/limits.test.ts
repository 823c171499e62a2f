import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { dial, open, readAll, talk } from '../support/http.ts'
import { startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('a request may have up to 256 headers, and all are forwarded', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const { port } = await startProxy(t, { upstream: upstream.url })
  const request = (count: number) =>
    `GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${'x-a: b\r\n'.repeat(count - 2)}\r\n`
  t.match(await talk(port, request(256)), /^HTTP\/1\.1 200 /)
  t.equal(upstream.requests[0]?.headers.filter(([name]) => name === 'x-a').length, 254)
  for (const count of [257, 5_000]) {
    const text = await talk(port, request(count))
    t.match(text, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
    t.match(text, '"type":"/_proxy/problems/invalid-request"')
  }
  t.equal(upstream.requests.length, 1)
})

t.test('requests beyond the limit get a 503 at once, and the proxy’s own paths still respond', async t => {
  const upstream = await rawUpstream(t, async request => {
    await request.closed
  })
  const { call, port } = await startProxy(t, { upstream: upstream.url, config: { listen: { maxRequests: 2 } } })
  const held = [open(port, '/a'), open(port, '/b')]
  for (const each of held) each.on('error', () => {}).end()
  await until(() => upstream.requests.length === 2)
  const reply = await call('/c')
  t.match(reply, { status: 503, headers: { 'retry-after': '1' } })
  t.match(reply.json(), {
    type: '/_proxy/problems/overloaded',
    detail: 'Too many requests at one time (limit: 2); retry later',
  })
  t.equal((await call('/_proxy/livez')).status, 200)
  t.match((await call('/_proxy/metrics')).text, 'requests_in_flight 2')
  held[0]?.destroy()
  await until(async () => /requests_in_flight 1\n/.test((await call('/_proxy/metrics')).text))
  const next = open(port, '/d')
  next.on('error', () => {}).end()
  await until(() => upstream.requests.length === 3)
  for (const each of [...held, next]) each.destroy()
})

t.test('connections beyond the limit get a 503, and their requests are not parsed', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const { port, call } = await startProxy(t, { upstream: upstream.url, config: { listen: { maxConnections: 2 } } })
  const held = [dial(port), dial(port)]
  await Promise.all(held.map(socket => once(socket, 'connect')))
  const text = await talk(port, 'GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n')
  t.match(text, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
  t.match(text, /\r\nretry-after: 1\r\n/)
  t.match(text, /\r\nconnection: close\r\n/)
  t.match(text, 'listen.maxConnections')
  t.equal(text.split('HTTP/1.1').length, 2)
  held[0]?.destroy()
  await until(async () => (await call('/x').catch(() => ({ status: 503 }))).status === 200)
  t.equal(upstream.requests.length, 1)
  held[1]?.destroy()
})

t.test('a rejected connection that stays open is closed after a while', async t => {
  const { port, clock } = await startPair(t, { config: { listen: { maxConnections: 0 } } })
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.match(await new Promise(resolve => socket.once('data', data => resolve(`${data}`))), /^HTTP\/1\.1 503 /)
  await clock.advance(5_000)
  const all = readAll(socket)
  await until(() => socket.destroyed || !socket.write('x'))
  await all
})
