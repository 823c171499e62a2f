import { randomBytes } from 'node:crypto'
import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'
import { forms, formsIn, TOKEN } from '../support/quoted.ts'

const KEY = 'k3y+/With=28characters8again'

for (const [form, write] of Object.entries(forms)) {
  t.test(`a secret is found when encoded as ${form}`, async t => {
    const secret = new Secret(TOKEN)
    for (const text of [`a ${write(TOKEN)} b`, write(TOKEN), `${write(TOKEN)}${write(TOKEN)}`]) {
      const masked = secret.maskIn(text)
      t.match(masked, '[secret]')
      t.strictSame(formsIn(masked, TOKEN), [])
    }
    t.strictSame(formsIn(new Secret(KEY).maskIn(`a ${write(KEY)} b`), KEY), [], 'a shorter one')
  })
}

t.test('text around a secret stays', async t => {
  const mask = (text: string) => new Secret(TOKEN).maskIn(text)
  t.equal(mask(`{"message":"no ${TOKEN} here","a":[1]}`), '{"message":"no [secret] here","a":[1]}')
  t.equal(mask(`Basic ${Buffer.from(`a:${TOKEN}`).toString('base64')}`).slice(0, 8), 'Basic YT')
  t.equal(mask(`?t=${TOKEN.replaceAll('.', '%2E')}&x=1`), '?t=[secret]&x=1')
  t.equal(mask(`${TOKEN} and ${TOKEN}`), '[secret] and [secret]')
  for (const text of ['', 'short', 'a longer text with %41 \\u0041 &#65; escapes', 'é İ ß \u{1f600}', '%'.repeat(99)])
    t.equal(mask(text), text)
})

t.test('most of a short secret must match, because less may be a word', async t => {
  const secret = new Secret('prisma-cloud-api1')
  t.equal(secret.maskIn('the prisma-cloud is there'), 'the prisma-cloud is there')
  for (const part of ['PRISMA-cloud-api1', 'prisma-cloud-', 'ma-cloud-api1']) {
    t.equal(secret.maskIn(`the ${part} is there`), 'the [secret] is there')
  }
  t.equal(secret.maskIn(Buffer.from('prisma-cloud-api1').toString('hex')), '[secret]')
  for (let length = 8; length < 40; length++) {
    const random = randomBytes(40).toString('base64url').slice(0, length)
    for (let start = 0; start <= length / 4; start++) {
      const part = random.slice(start, start + Math.ceil((length * 3) / 4))
      t.equal(new Secret(random).maskIn(`"${part}"`), '"[secret]"', part)
    }
  }
})

t.test('a secret with non-ASCII characters is found in text and in bytes', async t => {
  const secret = new Secret('Schlüssel-für-İ')
  t.equal(secret.maskIn('a Schlüssel-für-İ b'), 'a [secret] b')
  t.equal(secret.maskIn(Buffer.from('a Schlüssel-für-İ b').toString('latin1')), 'a [secret] b')
})

t.test('masking one secret does not hide another', async t => {
  const secrets = ['MARK-secret-key-of-the-tenant', 'MARK-access-key-of-the-tenant'].map(value => new Secret(value))
  const text = 'x MARK-secret-key-of-the-tenant MARK-access-key-of-the-tenant y'
  t.equal(Secret.maskAllIn(text, secrets), 'x [secret] [secret] y')
  t.equal(Secret.maskAllIn(text, secrets.toReversed()), 'x [secret] [secret] y')
  t.equal(Secret.maskAllIn(text, []), text)
})

t.test('a text made of nothing but escapes and pieces takes no longer', async t => {
  const secret = new Secret(TOKEN)
  for (const text of ['%41', '\\', '&#0', '&#x0000', ' ', 'x', `${TOKEN.slice(0, 11)}!`, '%u00']) {
    const long = text.repeat(262_144 / text.length)
    t.equal(secret.maskIn(long), long, text)
  }
})
