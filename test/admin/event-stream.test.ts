import t from 'tap'
import { eventStream } from '../../src/admin/event-stream.ts'
import { Recorder } from '../../src/inspect/recorder.ts'
import { makeExchange } from '../inspect/rig.ts'
import { testClock } from '../support/clock.ts'

t.test('a reader that is too slow is cut off, and keeps nothing busy', async t => {
  const clock = testClock()
  const recorder = new Recorder(clock, 10)
  const stream = eventStream({ recorder, clock, isVisible: () => true, lastEventId: undefined })
  const headers = ['x-long', 'x'.repeat(50_000)]
  for (let n = 0; n < 80; n++) {
    recorder.begin(makeExchange(`${n}`), headers)
    await clock.advance(50)
  }
  t.notOk(stream.destroyed)
  for (let n = 0; n < 10; n++) {
    recorder.begin(makeExchange(`${n}`), headers)
    await clock.advance(50)
  }
  t.ok(stream.destroyed)
  recorder.begin(makeExchange('later'), headers)
  await clock.advance(60_000)
  t.ok(stream.readableLength < 5 * 1024 * 1024)
})

t.test('a record that changes twice within a moment is sent once', async t => {
  const clock = testClock()
  const recorder = new Recorder(clock, 10)
  const stream = eventStream({ recorder, clock, isVisible: () => true, lastEventId: undefined })
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
