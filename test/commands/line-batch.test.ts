import t from 'tap'
import { LineBatch } from '../../src/commands/serve/line-batch.ts'
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

t.test('more than can be gathered goes out at once, whole and in its order', async t => {
  const { lines, writes, clock } = batch()
  const [long, longer, last] = [`${'€'.repeat(50_000)}\n`, `${'é'.repeat(100_000)}\n`, 'a\n']
  lines.write(long)
  lines.write(long)
  t.strictSame(writes, [long])
  lines.write(longer)
  t.strictSame(writes, [long, long, longer])
  lines.write(last)
  await clock.advance(20)
  t.strictSame(writes, [long, long, longer, last])
})
