import t from 'tap'
import { RecentPeak } from '../../src/upstream/pool/recent-peak.ts'

t.test('it is the most of the last minute or two', async t => {
  const peak = new RecentPeak(1_000)
  t.equal(peak.value, 0)
  for (const running of [1, 5, 3]) peak.note(running)
  t.equal(peak.value, 5)
  peak.forget(60_999)
  peak.forget(61_000)
  peak.note(2)
  t.equal(peak.value, 5)
  peak.forget(121_000)
  t.equal(peak.value, 2)
})

t.test('after a long time without a look, all is forgotten', async t => {
  const peak = new RecentPeak(0)
  peak.note(5)
  peak.forget(120_000)
  t.equal(peak.value, 0)
})
