// undici throws on hop-by-hop request headers; @fastify/reply-from answers that with 500.
import t from 'tap'
import { talk } from '../support/http.ts'
import { startPair } from '../support/proxy.ts'

t.test('headers that are meant for one connection do no harm', async t => {
  const { port, simulator } = await startPair(t)
  const headers = [
    'Keep-Alive: timeout=5',
    'Upgrade: h2c',
    'TE: trailers',
    'Trailer: x',
    'Proxy-Connection: keep-alive',
  ]
  for (const header of [...headers, 'Connection: upgrade', 'Transfer-Encoding: chunked']) {
    const body = header.startsWith('Transfer') ? '0\r\n\r\n' : ''
    const request = `POST /echo HTTP/1.1\r\nhost: localhost\r\n${header}\r\nconnection: close\r\n\r\n${body}`
    t.match(await talk(port, request), /^HTTP\/1\.1 200 OK\r\n/, header)
  }
  t.notMatch(JSON.stringify(simulator.requests.at(0)?.headers), /timeout=5/)
})
