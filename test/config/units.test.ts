import t from 'tap'
import { parseDuration, parseSize } from '../../src/config/schema/units.ts'

const durations = { '1ms': 1, '500ms': 500, '15s': 15_000, '2m': 120_000, '1h': 3_600_000, '596h': 2_145_600_000 }

t.test('a duration is read as milliseconds', async t => {
  for (const [text, ms] of Object.entries(durations)) t.equal(parseDuration(text), ms, text)
})

t.test('a duration needs a unit, and must be in the range of a timer', async t => {
  for (const text of ['', '10', '1.5s', '-1s', 's', '10 s', '10d', '10S'])
    t.throws(() => parseDuration(text), { message: 'invalid duration' }, text)
  for (const text of ['0s', '597h', '99999999999999999999h'])
    t.throws(
      () => parseDuration(text),
      { message: 'is out of range', cure: 'expected a duration from 1ms to 596h' },
      text,
    )
})

t.test('a size is read as bytes', async t => {
  t.equal(parseSize('0B'), 0)
  t.equal(parseSize('4096B'), 4096)
  t.equal(parseSize('512KiB'), 524_288)
  t.equal(parseSize('1MiB'), 1_048_576)
})

t.test('a size needs a unit, and has a maximum', async t => {
  for (const text of ['', '10', '1MB', '1.5MiB', '-1B', '1 KiB'])
    t.throws(() => parseSize(text), { message: 'invalid size' }, text)
  t.throws(() => parseSize('1025MiB'), { message: 'is too large', cure: 'expected at most 1024MiB' })
})
