import { STATUS_CODES } from 'node:http'
import t from 'tap'
import { isProblemName, problemTypes } from '../../src/problem/catalogue.ts'

t.test('every problem type has a meaning, causes and a cure', async t => {
  for (const [name, { meaning, causes, cure, check }] of Object.entries(problemTypes)) {
    for (const text of [meaning, cure, ...causes]) t.match(text, /^[A-Z`].{15,}\.$/, `${name}: ${text}`)
    t.ok(causes.length > 0, `${name} has causes`)
    t.ok(check.startsWith('/_proxy/'), `${name} can be checked`)
  }
})

t.test('the title of every problem type is the reason phrase of its status, except for upstream-error', async t => {
  const { 'upstream-error': upstream, ...own } = problemTypes
  for (const [name, { status, title }] of Object.entries(own)) t.equal(title, STATUS_CODES[status], name)
  t.equal(upstream.title, 'Upstream Error')
})

t.test('only the names in the catalogue are problem names', async t => {
  t.ok(isProblemName('rate-limited'))
  for (const name of ['', 'nonsense', 'constructor', '__proto__']) t.notOk(isProblemName(name), name)
})
