import t from 'tap'
import { EventStream } from '../../src/admin/event-stream.ts'
import { Recorder } from '../../src/inspect/recorder.ts'
import { makeExchange } from '../inspect/rig.ts'
import { testClock } from '../support/clock.ts'

/** A dozen requests whose records take 50 kB. */
function beginDozen(recorder: Recorder): void {
  for (let n = 0; n < 12; n++) recorder.begin(makeExchange(`${n}`, `/${'x'.repeat(4_000)}`), [])
}

t.test('a reader that is too slow is cut off, and keeps nothing busy', async t => {
  const clock = testClock()
  const recorder = new Recorder(clock, 20)
  const stream = new EventStream({ recorder, clock, isVisible: () => true, lastEventId: undefined, news: null })
  for (let n = 0; n < 75; n++) {
    beginDozen(recorder)
    await clock.advance(50)
  }
  t.notOk(stream.destroyed)
  for (let n = 0; n < 10; n++) {
    beginDozen(recorder)
    await clock.advance(50)
  }
  t.ok(stream.destroyed)
  recorder.begin(makeExchange('later'), [])
  await clock.advance(60_000)
  t.ok(stream.readableLength < 5 * 1024 * 1024)
})

t.test('a record that changes twice within a moment is sent once', async t => {
  const clock = testClock()
  const recorder = new Recorder(clock, 10)
  const stream = new EventStream({ recorder, clock, isVisible: () => true, lastEventId: undefined, news: null })
  let text = ''
  stream.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  const exchange = makeExchange('id-1')
  const record = recorder.begin(exchange, [])
  recorder.end(record, { status: 200, took: 5 })
  await clock.advance(60)
  t.match(text.match(/^data: .*$/gm), [/"status":200/])
  recorder.begin(makeExchange('id-2'), [])
  stream.destroy()
  await clock.advance(60_000)
  t.notMatch(text, 'id-2', 'nothing is gathered for a reader that has left')
})

t.test('however much is kept, a new reader gets it all, and is cut off only if it does not take it', async t => {
  const clock = testClock()
  const recorder = new Recorder(clock, 1_200)
  for (let n = 0; n < 100; n++) beginDozen(recorder)
  const stream = new EventStream({ recorder, clock, isVisible: () => true, lastEventId: undefined, news: null })
  t.ok(stream.readableLength > 4_500_000)
  t.notOk(stream.destroyed)
  recorder.begin(makeExchange('next'), [])
  await clock.advance(60)
  t.ok(stream.destroyed)
})

t.test('a stream that ends sends what waits for its reader, and nothing more', async t => {
  const clock = testClock()
  const recorder = new Recorder(clock, 10)
  const stream = new EventStream({ recorder, clock, isVisible: () => true, lastEventId: undefined, news: null })
  recorder.begin(makeExchange('id-1'), [])
  await clock.advance(60)
  recorder.begin(makeExchange('id-2'), [])
  stream.end()
  recorder.begin(makeExchange('id-3'), [])
  await clock.advance(60_000)
  const text = (await stream.setEncoding('utf8').toArray()).join('')
  t.match(text, '"id":"id-1"')
  t.notMatch(text, /"id":"id-[23]"/)
})
