import t from 'tap'
import { Bucket } from '../../src/pacing/bucket.ts'

const RATE = { rate: 2, burst: 10 }

/** A limit as the upstream states it. */
const left = (remaining: number, rate = RATE) => ({ ...rate, remaining })

/** The tokens of a bucket, worked out from the delay of a request that waits. */
function tokensIn(bucket: Bucket, now = 0): number {
  const { rate } = bucket.limit(now)
  return MOST - (bucket.delay(MOST - 1, now) * rate) / 1000 + RESERVE
}

/** More tokens than any bucket here holds. */
const MOST = 100
/** How many tokens waiting requests leave for others in a bucket of 10. */
const RESERVE = 1.5

t.test('a bucket starts full, unless the upstream says otherwise', async t => {
  t.strictSame(new Bucket(RATE, 5).limit(5), { ...RATE, remaining: 10 })
  t.strictSame(new Bucket(RATE, 5, 3).limit(5), { ...RATE, remaining: 3 })
  t.equal(new Bucket(RATE, 5, -3).limit(5).remaining, 0)
})

t.test('a bucket refills at its rate and never beyond its burst', async t => {
  t.equal(tokensIn(new Bucket(RATE, 0, 0), 500), 1)
  t.equal(tokensIn(new Bucket(RATE, 0, 9), 60_000), 10)
  t.equal(tokensIn(new Bucket(RATE, 0, -3), 1000), -1)
})

t.test('a request may go at once while there is a token', async t => {
  t.equal(new Bucket(RATE, 0, 1).hasToken(0), true)
  t.equal(new Bucket(RATE, 0, 0.9).hasToken(0), false)
  t.equal(new Bucket(RATE, 0, 0.9).hasToken(50), true)
})

t.test(
  'a waiting request leaves a token or two for others, and waits one refill longer than the one before',
  async t => {
    t.equal(new Bucket(RATE, 0, 2.5).delay(0, 0), 0)
    const bucket = new Bucket(RATE, 0, 1.5)
    t.equal(bucket.delay(0, 0), 500)
    t.equal(bucket.delay(1, 0), 1000)
    t.equal(bucket.delay(1, 500), 500, 'and less once time has passed')
    const thirds = new Bucket({ rate: 3, burst: 10 }, 0, 1.5)
    t.equal(thirds.delay(0, 0), 334, 'rounded up, so that it is not refused for a fraction')
    t.equal(thirds.delay(0, 334), 0)
    t.equal(new Bucket({ rate: 2, burst: 2 }, 0, 0).delay(0, 0), 750, 'as far as the bucket can spare them')
    t.equal(new Bucket({ rate: 2, burst: 1 }, 0, 0).delay(0, 0), 500)
  },
)

t.test('a request takes a token', async t => {
  const bucket = new Bucket(RATE, 0, 1)
  t.equal(bucket.draw(0), 0)
  t.equal(tokensIn(bucket), 0)
  bucket.draw(0)
  t.equal(tokensIn(bucket), -1, 'even if there is none')
})

t.test('the debt is limited by the burst, and an unsent request gives its token back', async t => {
  const bucket = new Bucket({ rate: 2, burst: 3 }, 0)
  for (let n = 0; n < 10; n++) bucket.draw(0)
  t.equal(bucket.delay(0, 0), (3 + 1 + 1) * 500)
  bucket.giveBack(1)
  t.equal(bucket.delay(0, 0), (2 + 1 + 1) * 500)
})

t.test('an expected count changes nothing', async t => {
  const bucket = new Bucket(RATE, 0, 6.5)
  const level = bucket.draw(0)
  bucket.counted({ level, inFlight: 0, limit: left(5) }, 0)
  t.equal(tokensIn(bucket), 5.5)
  bucket.draw(0)
  bucket.counted({ level, inFlight: 1, limit: left(5) }, 0)
  t.equal(tokensIn(bucket), 4.5, 'even if others were sent since')
  bucket.counted({ level, inFlight: 1, limit: left(5) }, 500)
  t.equal(tokensIn(bucket, 500), 5.5, 'and time has passed')
})

t.test('a lower count is believed: others draw on the same bucket', async t => {
  const bucket = new Bucket(RATE, 0, 8)
  const count = { level: bucket.draw(0), inFlight: 0, limit: left(3) }
  bucket.counted(count, 0)
  t.equal(tokensIn(bucket), 3.5, 'it rounds down')
  bucket.counted(count, 0)
  t.equal(tokensIn(bucket), 3.5, 'nothing is corrected twice')
  bucket.counted({ ...count, limit: left(0) }, 0)
  t.equal(tokensIn(bucket), 0.5)
  const later = new Bucket(RATE, 0, 8)
  later.counted({ ...count, level: later.draw(0) }, 1000)
  t.equal(tokensIn(later, 1000), 5.5, 'what was refilled since is not lost')
})

t.test('a higher count is believed, minus the requests in flight', async t => {
  for (const [inFlight, tokens] of [
    [0, 7],
    [4, 3],
    [9, 0],
  ] as const) {
    const bucket = new Bucket(RATE, 0, 9)
    for (let n = 0; n < 8; n++) bucket.draw(0)
    bucket.counted({ level: bucket.draw(0), inFlight, limit: left(7) }, 0)
    t.equal(tokensIn(bucket), tokens)
  }
})

t.test('requests sent together may be counted and answered in any order', async t => {
  for (const order of [
    [4, 3, 2, 1, 0],
    [0, 1, 2, 3, 4],
    [1, 4, 0, 3, 2],
  ]) {
    const bucket = new Bucket(RATE, 0, 5)
    const levels = order.map(() => bucket.draw(0))
    for (const [index, remaining] of order.entries())
      bucket.counted({ level: levels[index], inFlight: 4 - index, limit: left(remaining) }, 0)
    t.equal(tokensIn(bucket), 0, `${order}`)
  }
})

t.test('a count without a drawn token is compared with the current level', async t => {
  const bucket = new Bucket(RATE, 0, 5)
  const count = { level: undefined, inFlight: Number.POSITIVE_INFINITY }
  bucket.counted({ ...count, limit: left(5) }, 0)
  t.equal(tokensIn(bucket), 5)
  bucket.counted({ ...count, limit: left(2) }, 0)
  t.equal(tokensIn(bucket), 2.5)
})

t.test('rate and burst follow the upstream', async t => {
  const smaller = { rate: 1, burst: 5 }
  const bucket = new Bucket(RATE, 0)
  bucket.counted({ level: bucket.draw(0), inFlight: 0, limit: left(3, smaller) }, 0)
  t.strictSame(bucket.limit(0), { ...smaller, remaining: 3 })
  bucket.refused(RATE, 0)
  t.strictSame(bucket.limit(0), { ...RATE, remaining: 0 })
  bucket.refused(undefined, 0)
  t.strictSame(bucket.limit(0), { ...RATE, remaining: 0 })
})

t.test('a refusal empties the bucket', async t => {
  const taken = new Bucket(RATE, 0, 4)
  taken.refused(RATE, 0)
  t.equal(taken.hasToken(499), false, 'because others took them')
  t.equal(taken.hasToken(500), true)
  const drawn = new Bucket(RATE, 0, -2)
  drawn.refused(RATE, 0)
  t.equal(drawn.hasToken(500), true, 'and the refused request took none')
})

/** How many tokens a waiting request leaves for others after refusals at these times, in milliseconds. */
function reserveAfter(burst: number, ...refusals: number[]): number {
  const bucket = new Bucket({ rate: 2, burst }, 0)
  for (const at of refusals) bucket.refused(undefined, at)
  return reserveOf(bucket, refusals.at(-1) ?? 0)
}

/** How many tokens a waiting request leaves in an empty bucket that refills by two a second. */
function reserveOf(bucket: Bucket, now: number): number {
  return Math.round((bucket.delay(0, now) / 500 - 1) * 10) / 10
}

t.test('after a refusal more is left for others, up to half of what the bucket can spare', async t => {
  t.equal(reserveAfter(21, 1000), 2.5)
  t.equal(reserveAfter(21, 1000, 1500), 3.5)
  t.equal(reserveAfter(4, 1000), 1.5)
})

t.test('requests refused together count once', async t => {
  t.equal(reserveAfter(21, 1000, 1000, 1499), 2.5)
})

t.test('a refusal right after a lower count is no further sign of others', async t => {
  const bucket = new Bucket({ rate: 2, burst: 21 }, 0)
  bucket.counted({ level: bucket.draw(1000), inFlight: 0, limit: { rate: 2, burst: 21, remaining: 3 } }, 1000)
  bucket.refused(undefined, 1001)
  t.equal(reserveOf(bucket, 1001), 1.5)
})

t.test('half of what is left for others beyond the least is forgotten in a minute', async t => {
  const bucket = new Bucket({ rate: 2, burst: 21 }, 0)
  for (const at of [1000, 1500, 2000, 2500]) bucket.refused(undefined, at)
  const reserve = () => Math.round(bucket.others.reserve * 10) / 10
  t.equal(reserve(), 5.5)
  bucket.limit(62_500)
  t.equal(reserve(), 3.5)
  bucket.limit(600_000)
  t.equal(reserve(), 1.5)
})

/** The users of a bucket of ten requests a second, among four members that use it up, if others send so many. */
function usersBeside(others: number): number {
  const bucket = new Bucket({ rate: 10, burst: 10 }, 0, 5)
  for (let at = 0, theirs = 0; at < 60_000; at += 500) {
    theirs += others / 2
    const level = bucket.draw(at)
    for (let n = 0; n < 4 - others / 2; n++) bucket.draw(at)
    bucket.counted({ level, inFlight: 0, limit: { rate: 10, burst: 10, remaining: Math.max(0, level - theirs) } }, at)
  }
  return bucket.usersOf(4)
}

t.test('others are left what they seem to take, up to half', async t => {
  t.equal(new Bucket(RATE, 0).usersOf(4), 4)
  for (const [others, users] of [
    [0, 4],
    [2, 5],
    [4, 4 / 0.6],
    [8, 8],
  ] as const) {
    const found = usersBeside(others)
    t.ok(Math.abs(found - users) < 0.3, `${others}: ${found}, not ${users}`)
  }
})

t.test('in a bucket that is whole again only the tokens of the part are known to be', async t => {
  const part = new Bucket({ rate: 8, burst: 16 }, 0).divided(4, 0)
  t.strictSame(part.limit(0), { rate: 2, burst: 4, remaining: 4 })
  part.draw(0)
  t.strictSame(part.divided(1 / 4, 0).limit(0), { rate: 8, burst: 16, remaining: 3 })
})
