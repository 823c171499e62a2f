import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const LATER = 'HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled'

/** Heads of answers that have no content, and the length that the client is to be told. */
const rows: readonly (readonly [head: string, length: string | undefined])[] = [
  ['204 No Content\r\ncontent-length: 4', undefined],
  ['204 No Content\r\ncontent-length: 0', '0'],
  ['204 No Content\r\ncontent-length: 99999', undefined],
  ['204 No Content\r\nContent-Length: 4\r\nconnection: close', undefined],
  ['204 No Content\r\ntransfer-encoding: chunked', undefined],
  ['204 No Content', undefined],
  ['205 Reset Content\r\ncontent-length: 4', undefined],
  ['205 Reset Content\r\ncontent-length: 0', '0'],
  ['205 Reset Content\r\ntransfer-encoding: chunked', undefined],
  ['205 Reset Content', undefined],
  ['304 Not Modified\r\ncontent-length: 4', '4'],
  ['304 Not Modified\r\ntransfer-encoding: chunked', undefined],
  ['304 Not Modified', undefined],
]

/** What an upstream may send behind such a head all the same. */
const bodies = ['', 'abcd', '4\r\nabcd\r\n0\r\n\r\n', LATER]

t.test('an answer without content is complete with its head, whatever that announces and whatever follows', async t => {
  let answer = ''
  const upstream = await rawUpstream(t, request =>
    request.answer(request.target === '/next' ? http('200 OK', [], 'next') : answer),
  )
  const { call, log } = await startProxy(t, { upstream: upstream.url })
  for (const [head, length] of rows) {
    for (const body of bodies) {
      answer = `HTTP/1.1 ${head}\r\nx-a: b\r\n\r\n${body}`
      for (const method of ['DELETE', 'GET', 'POST']) {
        const before = upstream.requests.length
        const reply = await call('/x', { method })
        t.match(reply, { status: Number(head.slice(0, 3)), text: '', headers: { 'x-a': 'b' } }, answer)
        t.equal(reply.headers['content-length'], length, answer)
        t.match(await call('/next'), { status: 200, text: 'next' }, `${answer}, then the next`)
        t.equal(upstream.requests.length, before + 2, answer)
      }
    }
  }
  t.notOk(
    log.some(line => line.problem),
    'nothing of it is a failure',
  )
})

t.test('what comes late behind such a head meets a connection that has ended', async t => {
  const upstream = await rawUpstream(t, async request => {
    if (request.target === '/next') return request.answer(http('200 OK', [], 'next'))
    request.answer('HTTP/1.1 204 No Content', 'content-length: 4', '', '')
    await request.closed
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.equal((await call('/x', { method: 'DELETE' })).status, 204)
  await upstream.requests[0]?.closed
  t.equal((await call('/next')).text, 'next')
})

t.test('an answer without content ends an upload that is still coming', async t => {
  const upstream = await rawUpstream(t, async request => {
    if (request.target === '/next') return request.answer(http('200 OK', [], 'next'))
    request.answer('HTTP/1.1 204 No Content', 'content-length: 4', '', '')
    await request.closed
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.equal((await call('/x', { method: 'PUT', body: Buffer.alloc(1024 * 1024) })).status, 204)
  t.equal((await call('/next')).text, 'next')
})
