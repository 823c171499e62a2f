import t from 'tap'
import { LineBatch } from '../../src/kernel/line-batch.ts'
import { testClock } from '../support/clock.ts'

function batch() {
  const writes: string[] = []
  const clock = testClock()
  return { lines: new LineBatch({ write: text => void writes.push(text) }, clock), writes, clock }
}

t.test('lines that come within 20 ms go out together, in their order', async t => {
  const { lines, writes, clock } = batch()
  lines.write('a\n')
  await clock.advance(19)
  lines.write('b\n')
  t.strictSame(writes, [])
  await clock.advance(1)
  t.strictSame(writes, ['a\nb\n'])
  lines.write('c\n')
  await clock.advance(20)
  t.strictSame(writes, ['a\nb\n', 'c\n'])
})

t.test('what was gathered can be written at once, and is not written again', async t => {
  const { lines, writes, clock } = batch()
  lines.flushSync()
  lines.write('a\n')
  lines.flushSync()
  t.strictSame(writes, ['a\n'])
  await clock.advance(20)
  t.strictSame(writes, ['a\n'])
})
