import t from 'tap'
import { clockTime, counted, duration, kindOf, size, statusText } from '../../src/page/logic/format.ts'

t.test('durations', async t => {
  const shown = [0, 0.4, 852, 999, 1_000, 1_234, 9_949, 12_345, 119_000, 120_000, 7_199_000, 7_200_000, 90 * 3_600_000]
  t.strictSame(shown.map(duration), [
    '0 ms',
    '0 ms',
    '852 ms',
    '999 ms',
    '1.0 s',
    '1.2 s',
    '9.9 s',
    '12 s',
    '119 s',
    '2 min',
    '120 min',
    '2 h',
    '4 days',
  ])
})

t.test('sizes', async t => {
  const shown = [0, 999, 1_000, 1_540, 12_345, 999_999, 1_500_000, 12_000_000]
  t.strictSame(shown.map(size), ['0 B', '999 B', '1.0 kB', '1.5 kB', '12 kB', '1000 kB', '1.5 MB', '12 MB'])
})

t.test('times of day, counts and statuses', async t => {
  t.equal(clockTime(new Date(2026, 10, 29, 7, 5, 9).getTime()), '07:05:09')
  t.strictSame(
    [1, 2, 1_234].map(count => counted(count, 'request')),
    ['1 request', '2 requests', '1,234 requests'],
  )
  t.strictSame([200, 304, 404, 503, 0, null].map(kindOf), ['ok', 'ok', 'client', 'server', 'aborted', 'running'])
  t.strictSame([200, 0, null].map(statusText), ['200', 'left', '…'])
})
