import t from 'tap'
import { BodyStart } from '../../src/inspect/body-start.ts'

t.test('the beginning of a body is kept, and its size known', async t => {
  const start = new BodyStart(5)
  t.match(start, { size: 0, max: 5 })
  t.equal(start.bytes.length, 0)
  for (const piece of ['ab', '', 'cd']) start.take(Buffer.from(piece))
  t.equal(start.bytes.toString(), 'abcd')
  for (const piece of ['efg', 'h']) start.take(Buffer.from(piece))
  t.equal(start.bytes.toString(), 'abcde')
  t.equal(start.size, 8)
})

t.test('what is kept does not change with the piece that it came in, and takes no more memory than it may', async t => {
  const start = new BodyStart(1_000)
  const piece = Buffer.from('a')
  for (let n = 0; n < 2_000; n++) start.take(piece)
  piece.fill('b')
  t.equal(start.bytes.toString(), 'a'.repeat(1_000))
  t.equal(start.bytes.buffer.byteLength, 1_000)
})

t.test('nothing is kept of a body of which nothing is wanted', async t => {
  const start = new BodyStart(0)
  start.take(Buffer.from('abc'))
  t.equal(start.bytes.length, 0)
  t.equal(start.size, 3)
})
