import t from 'tap'
import { type Bucket, counted, delay, draw, fill, hasToken, refill, refused } from '../../src/pacing/bucket.ts'

const RATE = { rate: 2, burst: 10 }
const bucket = (tokens: number, more: Partial<Bucket> = {}): Bucket => ({ ...fill(RATE, 0), tokens, ...more })

/** What the upstream says. */
const left = (remaining: number) => ({ ...RATE, remaining })

t.test('a bucket is full at first, unless the upstream says otherwise', async t => {
  t.match(fill(RATE, 5), { ...RATE, tokens: 10, at: 5 })
  t.match(fill(RATE, 5, 3), { tokens: 3 })
})

t.test('a bucket refills at its rate and never beyond its burst', async t => {
  t.match(refill(bucket(0), 500), { tokens: 1, at: 500 })
  t.match(refill(bucket(9), 60_000), { tokens: 10 })
  t.match(refill(bucket(-3), 1000), { tokens: -1 })
})

t.test('a request goes at once while there is a token', async t => {
  t.equal(hasToken(bucket(1), 0), true)
  t.equal(hasToken(bucket(0.9), 0), false)
  t.equal(hasToken(bucket(0.9), 50), true)
})

t.test('one that waits leaves a token or two to others, and waits one refill longer than the one before', async t => {
  t.equal(delay(bucket(2.5), 0, 0), 0)
  t.equal(delay(bucket(1.5), 0, 0), 500)
  t.equal(delay(bucket(1.5), 1, 0), 1000)
  t.equal(delay(bucket(1.5), 1, 500), 500, 'and less once time has passed')
  t.equal(delay(bucket(1.5, { rate: 3 }), 0, 0), 334, 'rounded up, so that it is not refused for a fraction')
  t.equal(delay(bucket(1.5, { rate: 3 }), 0, 334), 0)
  t.equal(delay(bucket(0, { burst: 2 }), 0, 0), 750, 'as far as the bucket has them to spare')
  t.equal(delay(bucket(0, { burst: 1 }), 0, 0), 500)
})

t.test('a request takes a token', async t => {
  t.match(draw(bucket(10), 0), { bucket: { tokens: 9 }, level: 9 })
  t.match(draw(bucket(0), 0), { bucket: { tokens: -1 } }, 'there or not')
})

t.test('an answer that says what was expected changes nothing', async t => {
  const { bucket: after, level } = draw(bucket(6.5), 0)
  t.match(counted(after, { level, underWay: 0, limit: left(5) }, 0), { tokens: 5.5 })
  const later = draw(after, 0).bucket
  t.match(counted(later, { level, underWay: 1, limit: left(5) }, 0), { tokens: 4.5 }, 'though others were sent since')
  t.match(counted(later, { level, underWay: 1, limit: left(5) }, 500), { tokens: 5.5 }, 'and time has passed')
})

t.test('the upstream is believed where it counts less: others draw on the same budget', async t => {
  const { bucket: after, level } = draw(bucket(8), 0)
  const count = { level, underWay: 0, limit: left(3) }
  const known = counted(after, count, 0)
  t.equal(known.tokens, 3.5, 'it rounds down')
  t.equal(counted(after, count, 1000).tokens, 5.5, 'and what has trickled in since is not lost')
  t.equal(counted(known, count, 0).tokens, 3.5, 'nor is it corrected twice')
  t.equal(counted(known, { ...count, limit: left(0) }, 0).tokens, 0.5)
})

t.test('the upstream is believed where it counts more, but for what is under way', async t => {
  const { bucket: after, level } = draw(bucket(1, { least: 9 }), 0)
  t.equal(counted(after, { level, underWay: 0, limit: left(7) }, 0).tokens, 7)
  t.equal(counted(after, { level, underWay: 4, limit: left(7) }, 0).tokens, 3)
  t.equal(counted(after, { level, underWay: 9, limit: left(7) }, 0).tokens, 0)
})

t.test('requests that are sent together may be counted and answered in any order', async t => {
  for (const order of [
    [4, 3, 2, 1, 0],
    [0, 1, 2, 3, 4],
    [1, 4, 0, 3, 2],
  ]) {
    let now = bucket(5)
    const levels = order.map(() => {
      const drawn = draw(now, 0)
      now = drawn.bucket
      return drawn.level
    })
    for (const [index, remaining] of order.entries())
      now = counted(now, { level: Number(levels[index]), underWay: 4 - index, limit: left(remaining) }, 0)
    t.equal(now.tokens, 0, `${order}`)
  }
})

t.test('an answer to a request that was not noted is compared with what is left now', async t => {
  const count = (remaining: number) => ({ level: undefined, underWay: 0, limit: left(remaining) })
  t.match(counted(bucket(5), count(2), 0), { tokens: 2.5 })
  t.match(counted(bucket(5), count(5), 0), { tokens: 5 })
})

t.test("the limit's rate and burst are the upstream's", async t => {
  const smaller = { rate: 1, burst: 5, remaining: 3 }
  t.match(counted(bucket(8), { level: 8, underWay: 0, limit: smaller }, 0), { rate: 1, burst: 5, tokens: 3 })
  t.match(refused(bucket(8), smaller, 0), { rate: 1, burst: 5 })
})

t.test('a refusal says that there is no token', async t => {
  t.equal(refused(bucket(4), RATE, 0).tokens, 0, 'because others took them')
  t.equal(refused(bucket(-2), RATE, 0).tokens, 0, 'and the refused took none')
})

t.test('after a refusal more is left to others, up to half of what the bucket has to spare', async t => {
  const shared = (burst: number) => refused(bucket(5, { burst, othersAt: -1000 }), { rate: 2, burst }, 0)
  t.equal(delay(shared(21), 0, 0), (1 + 2.5) * 500)
  t.equal(delay(refused(shared(21), { rate: 2, burst: 21 }, 500), 0, 500), (1 + 3.5) * 500)
  t.equal(delay(shared(4), 0, 0), (1 + 1.5) * 500)
})

t.test('requests that are refused together say no more than one', async t => {
  const first = refused(bucket(4, { othersAt: -1000 }), RATE, 1000)
  const again = (ms: number) => refused(first, RATE, 1000 + ms).reserve
  t.equal(again(0), first.reserve)
  t.equal(again(499), first.reserve)
  t.equal(again(500), first.reserve + 1)
})

t.test('others that have not been noticed for half a minute are gone', async t => {
  const { reserve } = bucket(1)
  const shared = bucket(1, { reserve: 4 })
  t.equal(refill(shared, 30_000).reserve, 4)
  t.equal(refill(shared, 30_001).reserve, reserve)
  const { bucket: drawn, level } = draw(shared, 30_000)
  const noticed = counted(drawn, { level, underWay: 0, limit: left(1) }, 30_000)
  t.equal(refill(noticed, 60_000).reserve, 4, 'each time that the upstream counts less')
})
