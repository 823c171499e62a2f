import t from 'tap'
import { readLimit } from '../../src/pacing/limit.ts'

const headers: [title: string, rate: string, burst: string, remaining: string, good: boolean][] = [
  ['whole numbers', '2', '10', '9', true],
  ['nothing left', '2', '10', '0', true],
  ['a rate below one a second', '0.5', '10', '9', true],
  ['white space around', ' 2', '10 ', '9', true],
  ['no rate', '0', '10', '9', false],
  ['no burst', '2', '0', '9', false],
  ['a negative rate', '-2', '10', '9', false],
  ['less than nothing left', '2', '10', '-2', false],
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

t.test('a limiter whose store is down counts nothing, which is no empty bucket', async t => {
  const headers: Record<string, string> = { ...named('10', '40'), 'x-ratelimit-remaining': '-1' }
  t.strictSame(
    readLimit(name => headers[name]),
    { rate: 10, burst: 40, remaining: 40 },
  )
  const costly: Record<string, string> = { ...headers, 'x-ratelimit-requested-tokens': '5' }
  t.strictSame(
    readLimit(name => costly[name]),
    { rate: 2, burst: 8, remaining: 8 },
  )
})

t.test('without one of the headers the limit is unknown', async t => {
  const none = () => undefined
  t.equal(readLimit(none), undefined)
  const some = named('2', '10')
  t.equal(
    readLimit(name => some[name]),
    undefined,
  )
})

t.test('the limit counts requests, even if they cost several tokens', async t => {
  const costly = { ...named('10', '40'), 'x-ratelimit-remaining': '30', 'x-ratelimit-requested-tokens': '5' }
  const limit = (headers: Record<string, string>) => readLimit(name => headers[name])
  t.strictSame(limit(costly), { rate: 2, burst: 8, remaining: 6 })
  t.strictSame(limit({ ...costly, 'x-ratelimit-requested-tokens': '0' }), { rate: 10, burst: 40, remaining: 30 })
  t.equal(limit({ ...costly, 'x-ratelimit-requested-tokens': 'many' }), undefined)
})

function named(rate: string, burst: string): Record<string, string> {
  return { 'x-ratelimit-replenish-rate': rate, 'x-ratelimit-burst-capacity': burst }
}
