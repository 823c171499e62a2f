import t from 'tap'
import type { Instant } from '../../src/kernel/instant.ts'
import { IdleLimit } from '../../src/upstream/pool/idle-limit.ts'

const at = (monotonic: number, slept = 0): Instant => ({ monotonic, wall: monotonic + slept })

/** A connection that has been idle since a time. */
const idle = (since = 0) => {
  const connection = {
    idleSince: at(since),
    isDestroyed: false,
    destroy() {
      connection.isDestroyed = true
    },
  }
  return connection
}

t.test('at first, a connection may be used for 10 s', async t => {
  t.equal(new IdleLimit().usable, 10_000)
})

t.test(
  'it may be used for a little less than the upstream has been seen to keep one, and for two minutes at most',
  async t => {
    const limit = new IdleLimit()
    for (const [kept, usable] of [
      [5_000, 4_500],
      [60_000, 54_000],
      [600_000, 120_000],
    ] as const) {
      limit.closed(idle(), at(kept))
      t.equal(limit.usable, usable)
    }
  },
)

t.test('a connection that ends at once has not been idle for too long', async t => {
  const limit = new IdleLimit()
  limit.closed(idle(), at(999))
  t.equal(limit.usable, 10_000)
})

t.test('one that is too old stays open, to see how long that lasts', async t => {
  const limit = new IdleLimit()
  const [watched, other] = [idle(), idle()]
  limit.watch(watched)
  limit.watch(other)
  t.strictSame([watched.isDestroyed, other.isDestroyed], [false, true])
  t.strictSame([limit.isWatching(watched), limit.isWatching(other)], [true, false])
  for (const [time, usable] of [
    [15_000, 10_000],
    [30_000, 15_000],
    [239_999, 119_999.5],
  ] as const) {
    limit.look(at(time))
    t.equal(limit.usable, usable)
  }
  t.notOk(watched.isDestroyed)
  limit.look(at(240_000))
  t.ok(watched.isDestroyed, 'more is not worth knowing')
  t.notOk(limit.isWatching(watched))
  limit.look(at(900_000))
  t.equal(limit.usable, 120_000)
})

t.test('the end of the one that is watched tells the limit', async t => {
  const limit = new IdleLimit()
  const watched = idle()
  limit.watch(watched)
  limit.look(at(60_000))
  limit.closed(watched, at(70_000))
  t.equal(limit.usable, 63_000)
  t.notOk(limit.isWatching(watched))
})

t.test('while the machine slept it may have ended, unnoticed', async t => {
  const limit = new IdleLimit()
  const watched = idle()
  limit.watch(watched)
  limit.look(at(12_000, 3_600_000))
  t.ok(watched.isDestroyed)
  t.equal(limit.usable, 10_000)
})

t.test('close() closes the one that is watched', async t => {
  const limit = new IdleLimit()
  limit.close()
  const watched = idle()
  limit.watch(watched)
  limit.close()
  t.ok(watched.isDestroyed)
  t.notOk(limit.isWatching(watched))
})
