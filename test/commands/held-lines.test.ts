import t from 'tap'
import { HeldLines } from '../../src/commands/serve/held-lines.ts'
import { testClock } from '../support/clock.ts'

function hold() {
  const written: string[] = []
  const clock = testClock()
  return { written, clock, lines: new HeldLines({ write: line => written.push(line) }, clock) }
}

t.test('lines wait until they are let through, in their order', async t => {
  const { written, lines } = hold()
  lines.write('one')
  lines.write('two')
  t.strictSame(written, [])
  lines.flushSync()
  lines.write('three')
  lines.flushSync()
  t.strictSame(written, ['one', 'two', 'three'])
})

t.test('none waits for longer than a second', async t => {
  const { written, clock, lines } = hold()
  await clock.advance(5_000)
  lines.write('one')
  await clock.advance(999)
  t.strictSame(written, [])
  await clock.advance(1)
  lines.write('two')
  t.strictSame(written, ['one', 'two'])
})
