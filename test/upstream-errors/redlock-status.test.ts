import t from 'tap'
import { Problem } from '../../src/problem/problem.ts'
import { asRedlockStatus, redlockStatus } from '../../src/upstream-errors/redlock-status.ts'

const entry = (i18nKey: string) => JSON.stringify({ i18nKey, severity: 'ERROR', subject: null })
const error = (code: string) => ({ code, message: null, severity: 'error', subject: null })

const cases: [title: string, header: string | string[] | undefined, codes: string[]][] = [
  ['one entry', `[${entry('a')}]`, ['a']],
  ['several entries', `[${entry('a')},${entry('b')}]`, ['a', 'b']],
  ['an entry without a list', entry('a'), ['a']],
  ['a header sent twice', [`[${entry('a')}]`, `[${entry('b')}]`], ['a', 'b']],
  ['a header sent twice and joined', `[${entry('a')}], [${entry('b')}]`, ['a', 'b']],
  ['more entries than the limit', `[${Array(50).fill(entry('a')).join()}]`, Array(20).fill('a')],
  ['an empty list', '[]', []],
  ['an entry without information', '[{"severity":"error","i18nKey":{},"subject":["x"]}, null, true]', []],
  ['a truncated header', `[${entry('a')}`, []],
  ['not JSON', 'error', []],
  ['an empty header', '', []],
  ['no header', undefined, []],
]

for (const [title, header, codes] of cases) {
  t.test(`x-redlock-status: ${title}`, async t => t.strictSame(redlockStatus(header), codes.map(error)))
}

t.test('the subject is kept', async t => {
  const [first] = redlockStatus('[{"i18nKey":"invalid_parameter_value","severity":"error","subject":"timeRange"}]')
  t.equal(first?.subject, 'timeRange')
})

t.test('a problem of the proxy is formatted as an error of the API, in ASCII', async t => {
  const told = asRedlockStatus(new Problem('unknown-tenant', 'Unknown tenant "é\u{1f600}\x7f\n"; say which'))
  t.match(told, /^[ -~]+$/)
  t.strictSame(JSON.parse(told), [
    { i18nKey: 'unknown_tenant', severity: 'error', subject: 'Unknown tenant "é\u{1f600}\x7f\n"; say which' },
  ])
  t.match(redlockStatus(told), [{ code: 'unknown_tenant', severity: 'error' }])
  t.ok(asRedlockStatus(new Problem('overloaded', 'é'.repeat(100_000))).length < 8_000)
})
