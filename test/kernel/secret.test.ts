import { inspect } from 'node:util'
import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'

t.test('printing a secret never shows its value', async t => {
  const secret = new Secret('s3cr3t-value')
  const shown = [String(secret), `${secret}`, JSON.stringify({ secret }), inspect({ secret }, { showHidden: true })]
  for (const text of shown) t.notMatch(text, /s3cr3t/)
  t.match(shown.join(), '[secret]')
})

t.test('only reveal() returns the value; comparing does not show it', async t => {
  t.equal(new Secret('a').reveal(), 'a')
  t.ok(new Secret('abc').matches('abc'))
  t.notOk(new Secret('abc').matches('abd'))
  t.notOk(new Secret('abc').matches('ab'))
})

t.test('a secret is masked wherever it occurs in a text', async t => {
  t.equal(new Secret('a.b$&-long').maskIn('a.b$&-long and a.b$&-long, not axb'), '[secret] and [secret], not axb')
  t.equal(new Secret('wrong').maskIn('the key is wrong'), 'the key is wrong', 'a word is no key')
})

t.test('a value is found in texts unless it is too short', async t => {
  const isIn = new Secret('0123456789').finder()
  t.ok(isIn(`{"a":"${Buffer.from('0123456789').toString('base64')}"}`))
  t.notOk(isIn('01234'))
  t.ok(new Secret('password').finder()('a password'))
  t.notOk(new Secret('passwor').finder()('a passwor'))
  t.notOk(new Secret('0123456789').finder(11)('0123456789'))
})
