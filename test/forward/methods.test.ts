import t from 'tap'
import { talk } from '../support/http.ts'
import { startPair } from '../support/proxy.ts'

t.test('the methods of the API are forwarded', async t => {
  const { call, simulator } = await startPair(t)
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const answer = await call('/echo', { method })
    t.equal(answer.status, 200, method)
    t.equal(answer.json().method, method)
  }
  t.equal((await call('/echo', { method: 'HEAD' })).status, 200)
  t.equal(simulator.requests.at(-1)?.method, 'HEAD')
})

t.test('other methods are answered 405, saying which there are, and never forwarded', async t => {
  const { call, simulator, port } = await startPair(t)
  for (const method of ['TRACE', 'PROPFIND', 'QUERY', 'PURGE', 'M-SEARCH']) {
    const answer = await call('/v2/policy', { method, headers: { 'content-type': 'text/weird' }, body: '{' })
    t.equal(answer.status, 405, method)
    t.match(answer.headers, { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', 'x-request-id': String })
    t.match(answer.json(), { title: 'Method Not Allowed', status: 405, detail: new RegExp(method) })
  }
  const tunnel = await talk(port, 'CONNECT api.example:443 HTTP/1.1\r\nhost: localhost\r\n\r\n')
  t.match(tunnel, /^HTTP\/1\.1 405 .*connect\.enabled/s)
  t.match(await talk(port, 'BREW / HTTP/1.1\r\nhost: localhost\r\n\r\n'), /^HTTP\/1\.1 400 /)
  t.equal(simulator.requests.length, 0)
})

t.test('an offer to upgrade the connection is declined by answering the request', async t => {
  const { call } = await startPair(t)
  const answer = await call('/echo', { headers: { connection: 'upgrade', upgrade: 'websocket' } })
  t.equal(answer.status, 200)
  t.notMatch(JSON.stringify(answer.json().headers), /websocket/)
})
