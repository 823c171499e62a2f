import t from 'tap'
import { readingsOf } from '../../src/request/readings.ts'

const rows: Record<string, readonly [usual: string, ...others: string[]]> = {
  '/': ['/'],
  '/v2/Policy': ['/v2/policy'],
  '/user/jane@example.com': ['/user/jane@example.com'],
  '/user/jane%40example.com': ['/user/jane@example.com'],
  '/a/': ['/a', '/a/'],
  '/a//b': ['/a/b', '/a//b'],
  '//a/b': ['/a/b', '//a/b', '/b'],
  '/a%2Fb': ['/a%2fb', '/a/b'],
  '/a%252Fb': ['/a%2fb', '/a/b'],
  '/a%2Fb%2540': ['/a%2fb@', '/a%2fb%40', '/a/b%40', '/a/b@'],
  '/a%23b': ['/a#b', '/a'],
  '/a%3fb': ['/a?b', '/a'],
  '/a%2523b': ['/a#b', '/a%23b', '/a'],
  '/a%3bb/c': ['/a/c', '/a;b/c', '/a'],
  '/a&b=c': ['/a&b=c', '/a'],
  '/a%20': ['/a', '/a '],
  '/+a/%20b%20': ['/a/b', '/+a/ b '],
  '/a%20b+c': ['/a b+c'],
  '/a./b..': ['/a/b', '/a./b..'],
  '/a%20.': ['/a', '/a .', '/a '],
  '/..%20/a': ['/a', '/.. /a', '/../a'],
  '/a%C2%A0': ['/a', '/a\u00a0'],
  '/%C3%A9': ['/é'],
  '/%C3%89/%F0%9F%94%91': ['/é/🔑'],
  '/%e9': ['/é'],
  '/%25C3%25A9': ['/é', '/%c3%a9'],
  '/a%255Cb': ['/a\\b', '/a%5cb', '/a/b'],
  '/a/%252e%252E/b': ['/b', '/a/../b', '/a/%2e%2e/b'],
  '/%EF%BD%81': ['/ａ', '/a'],
  '/a%C2%AD': ['/a\u00ad', '/a'],
  '/%': ['/%'],
  '/%zz%2': ['/%zz%2'],
}

for (const [path, readings] of Object.entries(rows)) {
  t.test(`${path} may be taken for ${readings.join(', ')}`, async t => {
    const { usual, all } = readingsOf(path)
    t.equal(usual, readings[0])
    for (const reading of readings) t.ok(all.includes(reading), reading)
    const strange = all.filter(reading => !readings.includes(reading) && !isBetween(reading, readings))
    t.strictSame(strange, [])
  })
}

/** Whether two paths differ only in slashes and spaces that servers ignore. */
function isBetween(reading: string, readings: readonly string[]): boolean {
  const bare = (path: string) => path.replace(/[/\s+]+(?=\/|$)|(?<=\/)[/\s+]+/g, '')
  return readings.some(other => bare(other) === bare(reading))
}

t.test('a name with many special characters can still be read', async t => {
  const names = [
    'rrn::name:us-east-1:1::a/b#1?x=y&z',
    'a & b; c / d / e # 5 ﬁ',
    'C & A + é #7; (50 %)',
    'https://a.b/c?d=e&f=g#h',
  ]
  for (const name of names) t.ok(readingsOf(`/resource/${encodeURIComponent(name)}/x`).all.length > 1, name)
})

t.test('a path made to mislead is rejected', async t => {
  for (const path of [
    `%${'25'.repeat(2_000)}`,
    '%20/%3b%23%26%3f%252f'.repeat(100),
    '%20/%3b/%23/%26/%3f/%252f/%EF%BC%85'.repeat(20),
  ]) {
    t.throws(() => readingsOf(`/${path}25`), { name: 'Problem', detail: /too many ways/ })
  }
})
