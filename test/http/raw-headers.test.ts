import t from 'tap'
import { headerOf, headersByName, rawHeadersOf } from '../../src/http/raw-headers.ts'

t.test('headers are looked up by their lower-case names', async t => {
  const headers = ['A', '1', 'b', '2', 'a', '3', 'B', '4', 'b', '5']
  t.equal(headerOf(headers, 'a'), '1')
  t.equal(headerOf(headers, 'c'), undefined)
  t.strictSame({ ...headersByName(headers) }, { a: ['1', '3'], b: ['2', '4', '5'] })
  t.strictSame(Object.keys(headersByName(['__proto__', 'x'])), ['__proto__'])
})

t.test('headers by name become raw headers, one for each value', async t => {
  t.same(rawHeadersOf({ a: 'x', b: ['y', 'z'], c: 5, d: undefined }), ['a', 'x', 'b', 'y', 'b', 'z', 'c', '5'])
})
