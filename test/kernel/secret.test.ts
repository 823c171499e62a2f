import { inspect } from 'node:util'
import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'

t.test('a secret never shows itself', async t => {
  const secret = new Secret('s3cr3t-value')
  const shown = [String(secret), `${secret}`, JSON.stringify({ secret }), inspect({ secret }, { showHidden: true })]
  for (const text of shown) t.notMatch(text, /s3cr3t/)
  t.match(shown.join(), '[secret]')
})

t.test('a secret reveals its value to who asks by name, and compares without showing', async t => {
  t.equal(new Secret('a').reveal(), 'a')
  t.ok(new Secret('a').equals(new Secret('a')))
  t.notOk(new Secret('a').equals(new Secret('b')))
})
