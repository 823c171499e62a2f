import t from 'tap'
import { headerText } from '../../src/http/header-text.ts'

t.test('a header is read as UTF-8 if it is valid UTF-8, otherwise as latin1', async t => {
  const asCame = (text: string) => Buffer.from(text).toString('latin1')
  for (const text of ['', 'plain', 'café', '価格', '\u{1f600}', `${'a'.repeat(9_000)}é`])
    t.equal(headerText(asCame(text)), text)
  // overlong, cut, a surrogate, beyond Unicode
  for (const bytes of [
    'caf\xe9',
    '\xff\xfe',
    '\xc0\xaf',
    'caf\xc3',
    '\xed\xa0\x80',
    '\xf5\x80\x80\x80',
    '\xc3\xa9 \xe9',
  ])
    t.equal(headerText(bytes), bytes)
})
