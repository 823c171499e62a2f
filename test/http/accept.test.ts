import t from 'tap'
import { preferred } from '../../src/http/accept.ts'

const cases: [accept: string | undefined, type: string][] = [
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['image/png', 'application/json'],
  ['text/html', 'text/html'],
  ['TEXT/HTML; charset=utf-8', 'text/html'],
  ['text/*', 'text/plain'],
  ['text/*;q=0.5, text/html', 'text/html'],
  ['text/*, text/plain;q=0', 'text/html'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
  ['application/json, text/plain, */*', 'application/json'],
  ['application/json;q=0.2, text/plain;q=0.3, text/html ; Q=0.25', 'text/plain'],
  ['*/*;q=0.1, text/plain;q=0', 'application/json'],
  ['text/html;q=0', 'application/json'],
  ['text/html;q=1.1.1', 'application/json'],
  [',;,q=', 'application/json'],
]

for (const [accept, type] of cases) {
  t.test(`Accept: ${accept ?? '(none)'} gets ${type}`, async t => {
    t.equal(preferred(accept, 'application/json', 'text/plain', 'text/html'), type)
  })
}
