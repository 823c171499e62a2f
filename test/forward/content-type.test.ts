import { once } from 'node:events'
import t, { type Test } from 'tap'
import { passTime, testClock } from '../support/clock.ts'
import { answerTo, type CallOptions, dial, open, readAll, readReply } from '../support/http.ts'
import { arrivingName, IS_OVER_HTTP2 } from '../support/over-http2.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const JSON_TYPE = 'application/json'
const FORM = 'application/x-www-form-urlencoded'

/** A proxy, and what arrives of the content types and the body of a request. */
async function start(t: Test, assumeJson = true) {
  const bodies: string[] = []
  const upstream = await rawUpstream(t, async request => {
    bodies.push(`${await request.body()}`)
    request.answer(http('200 OK'))
  })
  const clock = testClock()
  const proxy = await startProxy(t, { upstream: upstream.url, clock, config: { assumeJson } })
  const types = () =>
    (upstream.requests.at(-1)?.headers ?? []).filter(([name]) => name.toLowerCase() === 'content-type').flat()
  const arriving = async (options: CallOptions) => {
    t.equal((await proxy.call('/x', { method: 'POST', ...options })).status, 200)
    if (options.body !== undefined) t.equal(bodies.at(-1), `${options.body}`)
    return types()
  }
  return { ...proxy, clock, upstream, bodies, types, arriving }
}

/** The name as it arrives. */
const NAME = arrivingName('Content-Type')

const texts = ['{}', '[]', ' \r\n\t{"a":1}', '\ufeff{}', '"a \\" b"', 'true', 'null\n', ' -1.5e3 ', '0', '{ broken']
const others = ['a=b&c=d', 'plain text', '1,2', '007', '"a","b"', 'truest', '-', '', ' ', '<a/>', '%7B%7D', 'null=']

t.test('a body without a type, or with an empty one, is declared as JSON', async t => {
  const { arriving } = await start(t)
  for (const body of ['{}', 'anything']) {
    t.strictSame(await arriving({ body }), ['content-type', JSON_TYPE])
    for (const empty of ['', ' '])
      t.strictSame(await arriving({ body, headers: { 'x-a': 'b', 'Content-Type': empty } }), [NAME, JSON_TYPE])
  }
})

t.test('JSON with a type that clients send by default is declared as JSON, and all else as it was', async t => {
  const { arriving } = await start(t)
  const types = [
    FORM,
    `${FORM}; charset=utf-8`,
    FORM.toUpperCase(),
    'text/plain;charset=UTF-8',
    'Text/Plain',
    'text/plain ; a=b',
  ]
  for (const type of types) {
    for (const body of texts)
      t.strictSame(await arriving({ body, headers: { 'Content-Type': type } }), [NAME, JSON_TYPE], body)
    for (const body of others)
      t.strictSame(await arriving({ body, headers: { 'Content-Type': type } }), [NAME, type], body)
  }
})

t.test('what fetch sends unless told otherwise is declared as JSON', async t => {
  const { port, types, bodies } = await start(t)
  const send = async (body: string | Blob | Buffer | URLSearchParams, headers = {}) => {
    t.equal((await fetch(`http://localhost:${port}/x`, { method: 'POST', body, headers })).status, 200)
    return types()[1]
  }
  t.equal(await send('{"a":1}'), JSON_TYPE)
  t.equal(bodies.at(-1), '{"a":1}')
  t.equal(await send(new Blob(['{}'])), JSON_TYPE)
  t.equal(await send(new Blob(['{}'], { type: 'text/plain' })), JSON_TYPE)
  t.equal(await send(Buffer.from('{}')), JSON_TYPE)
  t.equal(await send('{}', { 'content-type': '' }), JSON_TYPE)
  t.match(await send(new URLSearchParams({ a: 'b' })), /^application\/x-www-form-urlencoded/)
  t.match(await send('plain'), /^text\/plain/)
})

t.test('of several types one is sent, where none of them tells anything', async t => {
  const { arriving } = await start(t)
  const send = (...types: string[]) =>
    arriving({ body: '{}', headers: types.flatMap(type => ['Content-Type', type, 'x', 'y']) })
  t.strictSame(await send('text/plain', FORM), [NAME, JSON_TYPE])
  t.strictSame(await send('', 'text/plain'), [NAME, JSON_TYPE])
  const both = IS_OVER_HTTP2 ? [NAME, 'text/plain, text/csv'] : [NAME, 'text/plain', NAME, 'text/csv']
  t.strictSame(await send('text/plain', 'text/csv'), both)
})

t.test('any other type, valid or not, is left alone', async t => {
  const { arriving } = await start(t)
  const types = [
    'text/csv',
    'application/json; charset=latin1',
    'nonsense',
    ';;',
    `${FORM}x`,
    'text/plainly',
    'text/html',
  ]
  for (const type of types) {
    t.strictSame(await arriving({ body: '{}', headers: { 'content-type': type } }), ['content-type', type])
  }
  t.strictSame(await arriving({ body: 'x', headers: { 'x-not': 'content-type', 'content-type': 'a/b' } }), [
    'content-type',
    'a/b',
  ])
})

t.test('a request without a body gets no type', async t => {
  const { arriving } = await start(t)
  t.strictSame(await arriving({ method: 'GET' }), [])
  t.strictSame(await arriving({ method: 'DELETE' }), [])
  t.strictSame(await arriving({ headers: { 'content-length': '0' } }), [])
})

t.test('assumeJson: false leaves every body as it is declared', async t => {
  const { arriving } = await start(t, false)
  t.strictSame(await arriving({ body: '{}' }), [])
  for (const type of [FORM, 'text/plain', ''])
    t.strictSame(await arriving({ body: '{}', headers: { 'content-type': type } }), ['content-type', type])
})

t.test('a body is looked at as it comes, and goes on as it comes', async t => {
  const { port, upstream, types } = await start(t)
  for (const [first, type] of [
    ['{', JSON_TYPE],
    ['a', 'text/plain'],
  ] as const) {
    const before = upstream.requests.length
    const headers = { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' }
    const sent = open(port, '/x', { method: 'POST', headers })
    sent.flushHeaders()
    await once(sent, 'socket')
    sent.write(first)
    await until(() => upstream.requests.length > before)
    t.equal(types().at(-1), type, 'before its end is there')
    for (let piece = 0; piece < 20; piece++) sent.write('x'.repeat(10_000))
    sent.end()
    t.equal((await readReply(await answerTo(sent))).status, 200)
  }
})

t.test('a body that is looked at and never comes is given up', async t => {
  const { port, clock, upstream } = await start(t)
  const head = 'POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\n'
  const socket = dial(port)
  const text = readAll(socket)
  socket.write(head)
  t.match(await passTime(clock, text), /^HTTP\/1\.1 408 /)
  const leaving = dial(port)
  leaving.write(head)
  await once(leaving, 'connect')
  leaving.destroy()
  t.equal(upstream.requests.length, 0)
})
