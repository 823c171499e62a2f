import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'

const KEY = 'aB3/+x=="\\ü%Zq9-_'

t.test('a value is found in a text in any encoding', async t => {
  const isIn = new Secret(KEY).finder()
  const bytes = Buffer.from(KEY)
  const texts = [
    KEY,
    `--secret=${KEY} --verbose`,
    JSON.stringify({ a: { secret: KEY } }),
    JSON.stringify({ secret: KEY }).replaceAll('/', '\\/').replaceAll('ü', '\\u00FC'),
    encodeURIComponent(KEY),
    `https://user:${encodeURIComponent(KEY).toLowerCase().replace('ab3', 'aB3').replace('zq9', 'Zq9')}@host`,
    encodeURIComponent(encodeURIComponent(KEY)),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    encodeURIComponent(bytes.toString('base64')),
    `Basic ${Buffer.from(`some-id:${KEY}`).toString('base64')}`,
  ]
  for (const text of texts) t.ok(isIn(text), text)
  for (let before = 0; before < 5; before++) {
    for (let after = 0; after < 5; after++) {
      const text = Buffer.from(`${'x'.repeat(before)}${KEY}${'y'.repeat(after)}`).toString('base64')
      t.ok(isIn(text), `${before} ${after}`)
      t.ok(isIn(`prefix ${text.slice(0, 7)}\n${text.slice(7)}`), 'on several lines')
    }
  }
})

t.test('a text without the value is not reported', async t => {
  const isIn = new Secret(KEY).finder()
  for (const text of ['', 'x', KEY.slice(8), KEY.slice(0, 8), '%', '\\', 'a'.repeat(10_000)])
    t.notOk(isIn(text), text.slice(0, 20))
})
