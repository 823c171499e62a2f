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

t.test('a header that names another method is refused, and one that names the same goes no further', async t => {
  const { call, simulator } = await startPair(t)
  const names = [
    'X-HTTP-Method-Override',
    'x-http-method',
    'X-Method-Override',
    'X_HTTP_METHOD_OVERRIDE',
    'x-http_method',
  ]
  for (const name of names) {
    for (const value of ['delete', 'PATCH', 'POST, DELETE', 'DELETE, POST']) {
      const reply = await call('/echo', { method: 'POST', headers: { [name]: value } })
      t.match(reply.json(), { status: 400, detail: /does not match the request method POST/ }, `${name}: ${value}`)
    }
    t.equal((await call('/echo', { method: 'GET', headers: [name, 'GET', name, 'PUT'] })).status, 400)
  }
  t.equal(simulator.requests.length, 0)
  for (const name of names) {
    for (const value of ['post', 'POST, POST', '']) {
      const reply = await call('/echo', { method: 'POST', headers: [name, value, name, value] })
      t.equal(reply.status, 200)
      t.notMatch(JSON.stringify(reply.json().headers).toLowerCase(), /method/)
    }
  }
})

t.test('an offer to upgrade the connection is declined by answering the request', async t => {
  const { call } = await startPair(t)
  const answer = await call('/echo', { headers: { connection: 'upgrade', upgrade: 'websocket' } })
  t.equal(answer.status, 200)
  t.notMatch(JSON.stringify(answer.json().headers), /websocket/)
})
