import { PassThrough } from 'node:stream'
import t from 'tap'
import { hasBody, RequestBody } from '../../src/forward/body.ts'
import { settle } from '../support/clock.ts'

async function text(sending: AsyncIterable<Buffer>): Promise<string> {
  let all = ''
  for await (const chunk of sending) all += chunk
  return all
}

t.test('a request has a body when it says so', async t => {
  t.ok(hasBody({ headers: { 'content-length': '1' } }))
  t.ok(hasBody({ headers: { 'transfer-encoding': 'chunked' } }))
  t.notOk(hasBody({ headers: { 'content-length': '0' } }))
  t.notOk(hasBody({ headers: {} }))
})

t.test('a body that fits is sent as often as it is asked for', async t => {
  const source = new PassThrough()
  const body = new RequestBody(source, 4)
  source.write('ab')
  const sending = body.send()
  t.equal(String((await sending.next()).value), 'ab', 'its beginning goes out before its end is there')
  source.end('cd')
  t.equal(await text(sending), 'cd')
  t.ok(body.replayable)
  t.equal(await text(body.send()), 'abcd')
  t.equal(await text(body.send()), 'abcd')
})

t.test('a body that does not fit is sent once', async t => {
  const source = new PassThrough()
  const body = new RequestBody(source, 3)
  source.write('ab')
  const sending = body.send()
  t.equal(String((await sending.next()).value), 'ab')
  t.ok(body.replayable)
  source.end('cd')
  t.equal(await text(sending), 'cd')
  t.notOk(body.replayable)
})

t.test('a sending takes over from one that was abandoned while it waited, and misses nothing', async t => {
  const source = new PassThrough()
  const body = new RequestBody(source, 4)
  source.write('ab')
  const abandoned = body.send()
  await abandoned.next()
  const waiting = abandoned.next()
  const left = abandoned.return(undefined)
  const sending = body.send()
  t.equal(String((await sending.next()).value), 'ab')
  source.write('cdefgh')
  t.equal(String((await waiting).value), 'cdefgh')
  await left
  t.notOk(body.replayable, 'it has outgrown what is kept')
  source.end('ij')
  t.equal(await text(sending), 'cdefghij', 'yet who had begun gets all of it')
})

t.test('a body that breaks off is never taken for a whole one', async t => {
  const source = new PassThrough()
  const body = new RequestBody(source, 10)
  source.write('ab')
  const sending = body.send()
  await sending.next()
  source.destroy(new Error('the client has left'))
  await t.rejects(text(sending), { message: 'the client has left' })
  await t.rejects(text(body.send()), { message: 'the client has left' })
})

t.test('nothing is read before it is asked for', async t => {
  let asked = 0
  async function* counting() {
    for (;;) yield Buffer.from(`${++asked}`)
  }
  const body = new RequestBody(counting(), 10)
  await settle()
  t.equal(asked, 0)
  const sending = body.send()
  await sending.next()
  await settle()
  t.equal(asked, 1)
})
