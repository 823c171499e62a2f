import t from 'tap'
import { ask } from '../../src/upstream/ask.ts'
import { testClock } from '../support/clock.ts'
import { makePool } from '../support/pool.ts'
import { until } from '../support/until.ts'
import { type Handler, http, rawUpstream } from '../support/upstream.ts'

const MIB = 1024 * 1024

async function asking(t: Parameters<typeof rawUpstream>[0], handler: Handler, signal?: AbortSignal) {
  const upstream = await rawUpstream(t, handler)
  const dispatcher = makePool(t).fresh
  const clock = testClock()
  const request = { origin: upstream.url, path: '/x', method: 'GET' as const, headers: ['a', 'b'] }
  return { ...upstream, clock, reply: ask(dispatcher, request, { clock, timeout: 1000, signal }) }
}

t.test('a response is read completely, its headers byte for byte', async t => {
  const { reply, requests } = await asking(t, request =>
    request.answer(http('418 Teapot', ['X-A: caf\xe9', 'x-a: 2'], 'short')),
  )
  const { status, headers, body, complete } = await reply
  t.strictSame([status, body.toString(), complete], [418, 'short', true])
  t.strictSame(headers.slice(0, 4), ['X-A', 'caf\xe9', 'x-a', '2'])
  t.match(requests[0], {
    head: /^GET \/x HTTP/,
    headers: [['host'], ['connection'], ['user-agent', /^prismacloud-proxy\/\d+\.\d+\.\d+$/], ['a', 'b']],
  })
})

t.test('at most 1 MiB of a response is read, and the rest is not awaited', async t => {
  const { reply, connections } = await asking(t, request =>
    request.answer(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(2 * MIB)}`),
  )
  const { body, complete } = await reply
  t.notOk(complete)
  t.ok(body.length > MIB / 2 && body.length <= MIB)
  await until(() => connections() === 0)
})

t.test('an error response that breaks off is given in part, any other fails', async t => {
  const cut = (status: string) =>
    asking(t, ({ answer, socket }) => {
      answer(`HTTP/1.1 ${status}\r\ncontent-length: 9\r\n\r\npart`)
      socket.end()
    })
  const { status, body, complete } = await (await cut('401 Unauthorized')).reply
  t.strictSame([status, body.toString(), complete], [401, 'part', false])
  await t.rejects((await cut('200 OK')).reply, { code: 'UND_ERR_SOCKET' })
})

t.test('a timeout or an abort closes the connection', async t => {
  const slow = await asking(t, request => request.answer('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx'))
  await until(() => slow.requests.length === 1)
  void slow.clock.advance(1000)
  await t.rejects(slow.reply, { code: 'DEADLINE' })
  await until(() => slow.connections() === 0)

  const over = new AbortController()
  const left = await asking(t, () => {}, over.signal)
  await until(() => left.requests.length === 1)
  over.abort(new Error('left'))
  await t.rejects(left.reply, { message: 'left' })
  await until(() => left.connections() === 0)
})
