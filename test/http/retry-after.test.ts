import t from 'tap'
import { MAX_RETRY_AFTER, parseRetryAfter } from '../../src/http/retry-after.ts'

const now = Date.UTC(1994, 10, 6, 8, 49, 30)

const cases: [title: string, value: string | string[] | undefined, seconds: number | undefined][] = [
  ['seconds', '120', 120],
  ['no wait', '0', 0],
  ['seconds with space around', ' 5 ', 5],
  ['the first of several', ['7', '9'], 7],
  ['more seconds than anybody should wait', '99999999999999999999', MAX_RETRY_AFTER],
  ['an HTTP date', 'Sun, 06 Nov 1994 08:49:37 GMT', 7],
  ['an RFC 850 date', 'Sunday, 06-Nov-94 08:49:37 GMT', 7],
  ['an asctime date, which means GMT', 'Sun Nov  6 08:49:37 1994', 7],
  ['a date in the past', 'Sun, 06 Nov 1994 08:00:00 GMT', 0],
  ['a date far ahead', 'Fri, 06 Nov 2099 08:49:37 GMT', MAX_RETRY_AFTER],
  ['a fraction, which no RFC allows', '1.5', undefined],
  ['a negative number', '-5', undefined],
  ['a date that is none', 'Sun, 99 Nov 1994 08:49:37 GMT', undefined],
  ['a word', 'soon', undefined],
  ['nothing in it', '', undefined],
  ['nothing at all', undefined, undefined],
  ['an empty list', [], undefined],
]

for (const [title, value, seconds] of cases) {
  t.test(`Retry-After: ${title}`, async t => t.equal(parseRetryAfter(value, now), seconds))
}

t.test('parts of a second are rounded up', async t => {
  t.equal(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', now - 1), 8)
})
