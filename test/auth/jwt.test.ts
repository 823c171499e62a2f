import t from 'tap'
import { DEFAULT_LIFETIME, tokenLifetime } from '../../src/auth/jwt.ts'

const jwt = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`

const rows: [title: string, token: string, lifetime: number][] = [
  ['ten minutes', jwt({ iat: 1_000_000, exp: 1_000_600 }), 600_000],
  ['an hour', jwt({ iat: 1_000_000, exp: 1_003_600 }), 3_600_000],
  ['one second', jwt({ iat: 1_000_000, exp: 1_000_001 }), 1000],
  ['fractions of seconds', jwt({ iat: 1_000_000.5, exp: 1_000_002 }), 1500],
  ['a clock far from ours', jwt({ iat: 0, exp: 30 }), 30_000],
  ['a year, which no timer holds: a day', jwt({ iat: 0, exp: 31_536_000 }), 86_400_000],
  ['less than a second, which would hammer the vendor', jwt({ iat: 0, exp: 0.5 }), DEFAULT_LIFETIME],
  ['no time at all', jwt({ iat: 5, exp: 5 }), DEFAULT_LIFETIME],
  ['an end before its beginning', jwt({ iat: 5, exp: 1 }), DEFAULT_LIFETIME],
  ['no iat', jwt({ exp: 1_000_600 }), DEFAULT_LIFETIME],
  ['no exp', jwt({ iat: 1_000_000 }), DEFAULT_LIFETIME],
  ['texts for numbers', jwt({ iat: '0', exp: '30' }), DEFAULT_LIFETIME],
  ['a list for claims', jwt([1, 2]), DEFAULT_LIFETIME],
  ['null for claims', jwt(null), DEFAULT_LIFETIME],
  ['a number for claims', jwt(7), DEFAULT_LIFETIME],
  ['claims that are no JSON', 'e30.e30x.c2ln', DEFAULT_LIFETIME],
  ['one part', 'opaque', DEFAULT_LIFETIME],
  ['nothing in it', '', DEFAULT_LIFETIME],
]

for (const [title, token, lifetime] of rows) {
  t.test(`a token of ${title} counts as ${lifetime / 1000} s`, async t => {
    t.equal(tokenLifetime(token), lifetime)
  })
}

t.test('an unknown lifetime counts as the ten minutes that the vendor documents', async t => {
  t.equal(DEFAULT_LIFETIME, 600_000)
})
