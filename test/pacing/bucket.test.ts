import t from 'tap'
import { type Bucket, giveBack, learn, readLimit, refill, take } from '../../src/pacing/bucket.ts'

const bucket = (tokens: number, at = 0): Bucket => ({ rate: 2, burst: 10, tokens, at })

t.test('a bucket refills at its rate and never beyond its burst', async t => {
  t.strictSame(refill(bucket(0), 500), bucket(1, 500))
  t.strictSame(refill(bucket(9), 60_000), bucket(10, 60_000))
  t.strictSame(refill(bucket(-3), 1000), bucket(-1, 1000))
})

t.test('a request takes a token and goes at once while there is one', async t => {
  t.strictSame(take(bucket(10), 0), { bucket: bucket(9), wait: 0 })
  t.strictSame(take(bucket(1), 0), { bucket: bucket(0), wait: 0 })
})

t.test('without a token each request waits one refill longer than the one before', async t => {
  const first = take(bucket(0), 0)
  const second = take(first.bucket, 0)
  t.strictSame([first.wait, second.wait], [500, 1000])
  t.equal(take(second.bucket, 500).wait, 1000, 'and less once time has passed')
  t.equal(take({ ...bucket(0), rate: 3 }, 0).wait, 334, 'rounded up, so that it is not refused for a fraction')
})

t.test('a place that is given back shortens the next wait, and fills no bucket beyond its burst', async t => {
  t.strictSame(giveBack(bucket(-2)), bucket(-1))
  t.strictSame(giveBack(bucket(10)), bucket(10))
})

t.test('the first answer sets the bucket', async t => {
  t.strictSame(learn(undefined, { rate: 2, burst: 10, remaining: 7 }, 5), bucket(7, 5))
})

t.test("the lower of the upstream's count and ours is believed, and its rate and burst are", async t => {
  t.equal(learn(bucket(8), { rate: 2, burst: 10, remaining: 3 }, 0).tokens, 3, 'others draw on the same budget')
  t.equal(learn(bucket(-2), { rate: 2, burst: 10, remaining: 3 }, 0).tokens, -2, 'requests are under way')
  t.equal(learn(bucket(2), { rate: 2, burst: 10, remaining: 9 }, 1000).tokens, 4, 'what trickled in counts')
  t.match(learn(bucket(8), { rate: 1, burst: 5, remaining: 3 }, 0), { rate: 1, burst: 5 })
})

const headers: [title: string, rate: string, burst: string, remaining: string, good: boolean][] = [
  ['whole numbers', '2', '10', '9', true],
  ['nothing left', '2', '10', '0', true],
  ['a rate below one a second', '0.5', '10', '9', true],
  ['white space around', ' 2', '10 ', '9', true],
  ['no rate', '0', '10', '9', false],
  ['no burst', '2', '0', '9', false],
  ['a negative rate', '-2', '10', '9', false],
  ['words', 'two', '10', '9', false],
  ['an empty value', '2', '10', '', false],
  ['a header that came twice', '2, 2', '10, 10', '9, 9', false],
  ['no end', 'Infinity', '10', '9', false],
  ['more than any number', '1e999', '10', '9', false],
]

for (const [title, rate, burst, remaining, good] of headers) {
  t.test(`rate limit headers with ${title} are ${good ? 'read' : 'ignored'}`, async t => {
    const limit = readLimit(name => ({ ...named(rate, burst), 'x-ratelimit-remaining': remaining })[name])
    t.strictSame(limit, good ? { rate: Number(rate), burst: Number(burst), remaining: Number(remaining) } : undefined)
  })
}

t.test('a rate limit header that is missing leaves the limit unknown', async t => {
  const none = () => undefined
  t.equal(readLimit(none), undefined)
  const some = named('2', '10')
  t.equal(
    readLimit(name => some[name]),
    undefined,
  )
})

function named(rate: string, burst: string): Record<string, string> {
  return { 'x-ratelimit-replenish-rate': rate, 'x-ratelimit-burst-capacity': burst }
}
