import { PassThrough, type Readable } from 'node:stream'
import t from 'tap'
import { RequestBody } from '../../src/forward/body.ts'
import { settle, testClock } from '../support/clock.ts'
import { until } from '../support/until.ts'

/** A sending that is asked for its first piece. */
function reading(body: RequestBody): Readable {
  const sending = body.send()
  sending.read(0)
  return sending
}

/** What is left of a sending. */
async function text(sending: Readable): Promise<string> {
  let all = ''
  for await (const chunk of sending) all += chunk
  return all
}

/** The next piece of a sending. */
async function piece(sending: Readable): Promise<string> {
  await until(() => sending.readableLength > 0)
  return String(sending.read())
}

t.test('a body that fits is sent as often as it is asked for', async t => {
  const source = new PassThrough()
  const body = new RequestBody(source, 4, testClock())
  source.write('ab')
  const sending = reading(body)
  t.equal(await piece(sending), 'ab', 'its beginning goes out before its end is there')
  source.end('cd')
  t.equal(await text(sending), 'cd')
  t.ok(body.replayable)
  t.equal(await text(body.send()), 'abcd')
  t.equal(await text(body.send()), 'abcd')
})

t.test('a body that does not fit is sent once', async t => {
  const source = new PassThrough()
  const body = new RequestBody(source, 3, testClock())
  source.write('ab')
  const sending = reading(body)
  t.equal(await piece(sending), 'ab')
  t.ok(body.replayable)
  source.end('cd')
  t.equal(await text(sending), 'cd')
  t.notOk(body.replayable)
})

t.test('a sending takes over from one that was given up while it waited, and misses nothing', async t => {
  const source = new PassThrough()
  const body = new RequestBody(source, 4, testClock())
  source.write('ab')
  const former = reading(body)
  t.equal(await piece(former), 'ab')
  const sending = reading(body)
  t.ok(former.destroyed)
  t.equal(await piece(sending), 'ab')
  source.write('cdefgh')
  t.equal(await piece(sending), 'cdefgh')
  t.notOk(body.replayable, 'it has outgrown what is kept')
  source.end('ij')
  t.equal(await text(sending), 'ij', 'yet who had begun gets all of it')
})

t.test('a sending that failed does not keep the next from all of the body', async t => {
  const source = new PassThrough()
  const body = new RequestBody(source, 10, testClock())
  source.write('ab')
  const former = reading(body)
  await piece(former)
  former.destroy(new Error('the upstream broke off'))
  source.end('cd')
  await settle()
  t.equal(await text(body.send()), 'abcd')
})

t.test('a body that breaks off is never taken for a whole one', async t => {
  for (const error of [new Error('the client has left'), undefined]) {
    const source = new PassThrough()
    const body = new RequestBody(source, 10, testClock())
    source.write('ab')
    const sending = reading(body)
    await piece(sending)
    source.destroy(error)
    await t.rejects(text(sending), { message: 'the client has left' })
    await t.rejects(text(body.send()), { message: 'the client has left' })
  }
})

t.test('no more is read than the upstream takes', async t => {
  const source = new PassThrough({ highWaterMark: 1 })
  const body = new RequestBody(source, 1_000_000, testClock())
  const kilobyte = Buffer.alloc(1_024)
  let written = 0
  const write = () => {
    while (!source.writableNeedDrain && written < 1_000) {
      source.write(kilobyte)
      written++
    }
  }
  source.on('drain', write)
  write()
  await settle()
  t.ok(written <= 2, 'nothing before it is asked for')
  const sending = reading(body)
  await settle()
  t.ok(written < 100, `${written} KB were read ahead`)
  source.off('drain', write)
  source.end()
  t.equal((await text(sending)).length, written * kilobyte.length)
})

t.test('a client may pause for a minute while it is waited for, and no longer', async t => {
  const clock = testClock()
  const source = new PassThrough()
  const body = new RequestBody(source, 10, clock)
  await clock.advance(60_000)
  const sending = reading(body)
  await clock.advance(59_999)
  source.write('a')
  t.equal(await piece(sending), 'a', 'nobody waited before')
  await clock.advance(59_999)
  t.notOk(sending.destroyed)
  const failed = new Promise(resolve => sending.once('error', resolve))
  await clock.advance(1)
  t.match(await failed, { name: 'Problem', status: 408, detail: /for 60 s/ })
})

t.test('while the upstream takes nothing, no client is too slow', async t => {
  const clock = testClock()
  const source = new PassThrough()
  const body = new RequestBody(source, 10, clock)
  const sending = reading(body)
  source.write(Buffer.alloc(200 * 1024))
  await until(() => sending.readableLength >= 64 * 1024)
  await clock.advance(120_000)
  t.notOk(sending.destroyed)
})
