import t from 'tap'
import { Bucket } from '../../src/pacing/bucket.ts'

const RATE = { rate: 2, burst: 10 }

/** What the upstream says. */
const left = (remaining: number, rate = RATE) => ({ ...rate, remaining })

/** How many tokens a bucket holds, as seen from when the next one of those that leave none to others would go. */
function tokensIn(bucket: Bucket, now = 0): number {
  const { rate } = bucket.limit(now)
  return MOST - (bucket.delay(MOST - 1, now) * rate) / 1000 + RESERVE
}

/** More than any bucket here holds. */
const MOST = 100
/** What those who wait leave to others in a bucket of 10. */
const RESERVE = 1.5

t.test('a bucket is full at first, unless the upstream says otherwise', async t => {
  t.strictSame(new Bucket(RATE, 5).limit(5), { ...RATE, remaining: 10 })
  t.strictSame(new Bucket(RATE, 5, 3).limit(5), { ...RATE, remaining: 3 })
  t.equal(new Bucket(RATE, 5, -3).limit(5).remaining, 0)
})

t.test('a bucket refills at its rate and never beyond its burst', async t => {
  t.equal(tokensIn(new Bucket(RATE, 0, 0), 500), 1)
  t.equal(tokensIn(new Bucket(RATE, 0, 9), 60_000), 10)
  t.equal(tokensIn(new Bucket(RATE, 0, -3), 1000), -1)
})

t.test('a request goes at once while there is a token', async t => {
  t.equal(new Bucket(RATE, 0, 1).hasToken(0), true)
  t.equal(new Bucket(RATE, 0, 0.9).hasToken(0), false)
  t.equal(new Bucket(RATE, 0, 0.9).hasToken(50), true)
})

t.test('one that waits leaves a token or two to others, and waits one refill longer than the one before', async t => {
  t.equal(new Bucket(RATE, 0, 2.5).delay(0, 0), 0)
  const bucket = new Bucket(RATE, 0, 1.5)
  t.equal(bucket.delay(0, 0), 500)
  t.equal(bucket.delay(1, 0), 1000)
  t.equal(bucket.delay(1, 500), 500, 'and less once time has passed')
  const thirds = new Bucket({ rate: 3, burst: 10 }, 0, 1.5)
  t.equal(thirds.delay(0, 0), 334, 'rounded up, so that it is not refused for a fraction')
  t.equal(thirds.delay(0, 334), 0)
  t.equal(new Bucket({ rate: 2, burst: 2 }, 0, 0).delay(0, 0), 750, 'as far as the bucket has them to spare')
  t.equal(new Bucket({ rate: 2, burst: 1 }, 0, 0).delay(0, 0), 500)
})

t.test('a request takes a token', async t => {
  const bucket = new Bucket(RATE, 0, 1)
  t.equal(bucket.draw(0), 0)
  t.equal(tokensIn(bucket), 0)
  bucket.draw(0)
  t.equal(tokensIn(bucket), -1, 'there or not')
})

t.test('no more is taken than the bucket is large, and what was not sent is given back', async t => {
  const bucket = new Bucket({ rate: 2, burst: 3 }, 0)
  for (let n = 0; n < 10; n++) bucket.draw(0)
  t.equal(bucket.delay(0, 0), (3 + 1 + 1) * 500)
  bucket.giveBack()
  t.equal(bucket.delay(0, 0), (2 + 1 + 1) * 500)
})

t.test('an answer that says what was expected changes nothing', async t => {
  const bucket = new Bucket(RATE, 0, 6.5)
  const level = bucket.draw(0)
  bucket.counted({ level, underWay: 0, limit: left(5) }, 0)
  t.equal(tokensIn(bucket), 5.5)
  bucket.draw(0)
  bucket.counted({ level, underWay: 1, limit: left(5) }, 0)
  t.equal(tokensIn(bucket), 4.5, 'though others were sent since')
  bucket.counted({ level, underWay: 1, limit: left(5) }, 500)
  t.equal(tokensIn(bucket, 500), 5.5, 'and time has passed')
})

t.test('the upstream is believed where it counts less: others draw on the same budget', async t => {
  const bucket = new Bucket(RATE, 0, 8)
  const count = { level: bucket.draw(0), underWay: 0, limit: left(3) }
  bucket.counted(count, 0)
  t.equal(tokensIn(bucket), 3.5, 'it rounds down')
  bucket.counted(count, 0)
  t.equal(tokensIn(bucket), 3.5, 'nothing is corrected twice')
  bucket.counted({ ...count, limit: left(0) }, 0)
  t.equal(tokensIn(bucket), 0.5)
  const later = new Bucket(RATE, 0, 8)
  later.counted({ ...count, level: later.draw(0) }, 1000)
  t.equal(tokensIn(later, 1000), 5.5, 'what has trickled in since is not lost')
})

t.test('the upstream is believed where it counts more, but for what is under way', async t => {
  for (const [underWay, tokens] of [
    [0, 7],
    [4, 3],
    [9, 0],
  ] as const) {
    const bucket = new Bucket(RATE, 0, 9)
    for (let n = 0; n < 8; n++) bucket.draw(0)
    bucket.counted({ level: bucket.draw(0), underWay, limit: left(7) }, 0)
    t.equal(tokensIn(bucket), tokens)
  }
})

t.test('requests that are sent together may be counted and answered in any order', async t => {
  for (const order of [
    [4, 3, 2, 1, 0],
    [0, 1, 2, 3, 4],
    [1, 4, 0, 3, 2],
  ]) {
    const bucket = new Bucket(RATE, 0, 5)
    const levels = order.map(() => bucket.draw(0))
    for (const [index, remaining] of order.entries())
      bucket.counted({ level: levels[index], underWay: 4 - index, limit: left(remaining) }, 0)
    t.equal(tokensIn(bucket), 0, `${order}`)
  }
})

t.test('an answer to a request that was not drawn is compared with what is left now', async t => {
  const bucket = new Bucket(RATE, 0, 5)
  const count = { level: undefined, underWay: Number.POSITIVE_INFINITY }
  bucket.counted({ ...count, limit: left(5) }, 0)
  t.equal(tokensIn(bucket), 5)
  bucket.counted({ ...count, limit: left(2) }, 0)
  t.equal(tokensIn(bucket), 2.5)
})

t.test("the limit's rate and burst are the upstream's", async t => {
  const smaller = { rate: 1, burst: 5 }
  const bucket = new Bucket(RATE, 0)
  bucket.counted({ level: bucket.draw(0), underWay: 0, limit: left(3, smaller) }, 0)
  t.strictSame(bucket.limit(0), { ...smaller, remaining: 3 })
  bucket.refused(RATE, 0)
  t.strictSame(bucket.limit(0), { ...RATE, remaining: 0 })
  bucket.refused(undefined, 0)
  t.strictSame(bucket.limit(0), { ...RATE, remaining: 0 })
})

t.test('a refusal says that there is no token', async t => {
  const taken = new Bucket(RATE, 0, 4)
  taken.refused(RATE, 0)
  t.equal(taken.hasToken(499), false, 'because others took them')
  t.equal(taken.hasToken(500), true)
  const drawn = new Bucket(RATE, 0, -2)
  drawn.refused(RATE, 0)
  t.equal(drawn.hasToken(500), true, 'and the refused took none')
})

/** Milliseconds until one goes that waits, after refusals at these times. */
function delayAfter(burst: number, ...refusals: number[]): number {
  const bucket = new Bucket({ rate: 2, burst }, 0)
  for (const at of refusals) bucket.refused(undefined, at)
  return bucket.delay(0, refusals.at(-1) ?? 0)
}

t.test('after a refusal more is left to others, up to half of what the bucket has to spare', async t => {
  t.equal(delayAfter(21, 1000), (1 + 2.5) * 500)
  t.equal(delayAfter(21, 1000, 1500), (1 + 3.5) * 500)
  t.equal(delayAfter(4, 1000), (1 + 1.5) * 500)
})

t.test('requests that are refused together say no more than one', async t => {
  t.equal(delayAfter(21, 1000, 1000, 1499), (1 + 2.5) * 500)
})

t.test('others that have not been noticed for half a minute are gone', async t => {
  const bucket = new Bucket({ rate: 2, burst: 21 }, 0)
  bucket.refused(undefined, 1000)
  const others = { ...left(0), rate: 2, burst: 21 }
  const reserve = (now: number) => {
    bucket.refused(undefined, now)
    return bucket.delay(0, now) / 500 - 1
  }
  bucket.counted({ level: bucket.draw(20_000), underWay: 0, limit: others }, 20_000)
  t.equal(reserve(20_001), 2.5, 'each time that the upstream counts less tells of them')
  t.equal(reserve(50_000), 3.5)
  t.equal(reserve(80_001), 2.5)
})
