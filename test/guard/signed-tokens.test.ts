import t from 'tap'
import { SignedTokens } from '../../src/guard/signed-tokens.ts'
import { testClock } from '../support/clock.ts'

const decoded = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString())

t.test('a token is a JWT that names its subject until it expires', async t => {
  const clock = testClock()
  const tokens = new SignedTokens(clock, 600)
  const token = tokens.issue('ci')
  const [header, claims] = token.split('.')
  t.strictSame(decoded(header), { alg: 'HS256', typ: 'JWT' })
  const { iat, exp, ...rest } = decoded(claims)
  t.match(rest, { iss: 'prismacloud-proxy', sub: 'ci', jti: /./ })
  t.equal(exp - iat, 600)
  t.equal(iat, Math.floor(clock.now() / 1000))
  await clock.advance(599_000)
  t.equal(tokens.subjectOf(token), 'ci')
  await clock.advance(1_000)
  t.equal(tokens.subjectOf(token), undefined)
  t.not(tokens.issue('ci'), tokens.issue('ci'), 'no two are the same')
})

t.test('no other token is valid', async t => {
  const clock = testClock()
  const tokens = new SignedTokens(clock, 600)
  const token = tokens.issue('ci')
  const [header = '', claims = '', signature = ''] = token.split('.')
  const other = Buffer.from(JSON.stringify({ ...decoded(claims), sub: 'other' })).toString('base64url')
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  const bad = [
    new SignedTokens(clock, 600).issue('ci'),
    `${header}.${other}.${signature}`,
    `${none}.${claims}.${signature}`,
    `${none}.${claims}.`,
    `${header}.${claims}`,
    `${token}x`,
    `${token}.`,
    `.${token}`,
    '..',
    '.',
    '',
    'no token at all',
  ]
  for (const text of bad) t.equal(tokens.subjectOf(text), undefined, text)
})
