import { PassThrough, type Readable } from 'node:stream'
import t from 'tap'
import { RequestBody } from '../../src/forward/request-body.ts'
import { Budget } from '../../src/kernel/budget.ts'
import { settle, testClock } from '../support/clock.ts'
import { until } from '../support/until.ts'

/** A body of which so many bytes are kept, or less where there is no memory for them. */
function bodyOf(source: Readable, keep: number, clock = testClock(), memory = new Budget(() => 1_000_000_000)) {
  return new RequestBody(source, { clock, keep, memory, received: () => {} })
}

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
  const body = bodyOf(source, 4)
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
  const body = bodyOf(source, 3)
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
  const body = bodyOf(source, 4)
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
  const body = bodyOf(source, 10)
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
    const body = bodyOf(source, 10)
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
  const body = bodyOf(source, 1_000_000)
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
  const body = bodyOf(source, 10, clock)
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
  const body = bodyOf(source, 10, clock)
  const sending = reading(body)
  source.write(Buffer.alloc(200 * 1024))
  await until(() => sending.readableLength >= 64 * 1024)
  await clock.advance(120_000)
  t.notOk(sending.destroyed)
})

t.test('all bodies together take no more memory than they may', async t => {
  const memory = new Budget(() => 1_000)
  const [first, second] = [new PassThrough(), new PassThrough()]
  const [kept, refused] = [first, second].map(source => bodyOf(source, 10_000, testClock(), memory))
  first.end(Buffer.alloc(500, 'a'))
  t.equal((await text(kept?.send() as Readable)).length, 500)
  t.ok(memory.held > 500 && memory.held <= 1_000, 'what holds the bytes counts as well')
  const held = memory.held
  second.end(Buffer.alloc(500, 'b'))
  t.equal((await text(refused?.send() as Readable)).length, 500, 'what is not kept is sent all the same')
  t.strictSame([kept?.replayable, refused?.replayable, memory.held], [true, false, held])
  kept?.release()
  t.strictSame([kept?.replayable, memory.held], [false, 0])
  kept?.release()
  refused?.release()
  t.equal(memory.held, 0, 'what was given back is not given back again')
})

t.test('a body that outgrows what is kept of one gives its memory back at once', async t => {
  const memory = new Budget(() => 1_000)
  const source = new PassThrough()
  const body = bodyOf(source, 3, testClock(), memory)
  source.write('ab')
  const sending = reading(body)
  await piece(sending)
  t.ok(memory.held > 2)
  source.end('cd')
  t.equal(await text(sending), 'cd')
  t.equal(memory.held, 0)
})

t.test('a body that is released is kept no further, and its sending goes on', async t => {
  const memory = new Budget(() => 1_000)
  const source = new PassThrough()
  const body = bodyOf(source, 100, testClock(), memory)
  source.write('ab')
  const sending = reading(body)
  await piece(sending)
  body.release()
  source.end('cd')
  t.equal(await text(sending), 'cd')
  t.strictSame([body.replayable, memory.held], [false, 0])
})

t.test('a body that comes byte by byte does not take more than it seems to', async t => {
  const memory = new Budget(() => 10_000)
  const source = new PassThrough()
  const body = bodyOf(source, 10_000, testClock(), memory)
  const sending = reading(body)
  for (let sent = 1; sent <= 200; sent++) {
    source.write('x')
    await until(() => sending.readableLength === sent)
  }
  t.notOk(body.replayable)
  t.equal(memory.held, 0)
})

t.test('the first piece can be looked at before the body is sent, whole or not, and kept or not', async t => {
  for (const keep of [0, 100]) {
    const source = new PassThrough()
    const body = bodyOf(source, keep)
    source.write('ab')
    t.equal(String(await body.first()), 'ab')
    source.write('cd')
    await settle()
    const sending = reading(body)
    source.end('ef')
    t.equal(await text(sending), 'abcdef')
    t.equal(body.replayable, keep > 0)
    if (keep > 0) t.equal(await text(body.send()), 'abcdef')
  }
})

t.test('a body that is looked at is read ahead no further than any', async t => {
  const source = new PassThrough({ highWaterMark: 1 })
  const body = bodyOf(source, 0)
  const first = body.first()
  const piece = Buffer.alloc(1_000, 'a')
  let written = 0
  while (!source.writableNeedDrain || written === 0) {
    source.write(piece)
    written++
    await settle(1)
    t.ok(written < 100, 'the source is held back')
  }
  t.equal((await first).length, 1_000)
  source.end()
  t.equal((await text(body.send())).length, written * 1_000)
})

t.test('a body without a piece, or that breaks off before, has none to look at, and is sent as it is', async t => {
  const empty = new PassThrough()
  const body = bodyOf(empty, 100)
  empty.end()
  t.equal((await body.first()).length, 0)
  t.equal(await text(body.send()), '')
  const broken = new PassThrough()
  const cut = bodyOf(broken, 100)
  broken.on('error', () => {}).destroy(new Error('reset'))
  t.equal((await cut.first()).length, 0)
  await t.rejects(text(cut.send()))
})

t.test('whoever listens receives each piece once, however often the body is sent', async t => {
  const [source, pieces] = [new PassThrough(), [] as string[]]
  const received = (piece: Buffer) => void pieces.push(piece.toString())
  const body = new RequestBody(source, { clock: testClock(), keep: 9, memory: new Budget(() => 1_000), received })
  const first = reading(body)
  source.write('ab')
  t.equal(await piece(first), 'ab')
  const again = body.send()
  source.end('cd')
  t.equal(await text(again), 'abcd')
  t.same(pieces, ['ab', 'cd'])
})
