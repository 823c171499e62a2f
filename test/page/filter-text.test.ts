import t from 'tap'
import { parseFilter } from '../../src/page/logic/filter-text.ts'

const typed: Readonly<Record<string, object>> = {
  '': {},
  '  ': {},
  alert: { text: 'alert' },
  'alert  404': { text: 'alert 404' },
  'status:4xx': { status: '4xx' },
  'status:4': { text: 'status:4' },
  'status:404 method:post /v2/alert': { status: '404', method: 'post', text: '/v2/alert' },
  'tenant:eu client:ci problem:rate-limited operation:/v2/alert id:x': {
    tenant: 'eu',
    client: 'ci',
    problem: 'rate-limited',
    operation: '/v2/alert',
    id: 'x',
  },
  'text:alert': { text: 'alert' },
  'tenant:': { text: 'tenant:' },
  'other:eu https://x.test': { text: 'other:eu https://x.test' },
}

for (const [text, filter] of Object.entries(typed))
  t.test(`"${text}"`, async t => t.strictSame(parseFilter(text), filter))
