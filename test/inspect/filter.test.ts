import t from 'tap'
import { isStatus, matching, type RecordFilter } from '../../src/inspect/filter.ts'
import { makeRecord } from './rig.ts'

const FAILED = makeRecord({
  id: 'id-2',
  method: 'POST',
  target: '/v2/Alert?x',
  client: 'ci',
  tenant: 'eu',
  operation: '/v2/alert',
  status: 502,
  problem: { type: 'upstream-unreachable', title: 'Bad Gateway', detail: 'No route' },
  upstreamRequestId: 'theirs',
})

const holds = (filter: RecordFilter, record = FAILED) => matching(filter)(record)

t.test('each condition holds for its own value only', async t => {
  const conditions: readonly [RecordFilter, RecordFilter][] = [
    [{ id: 'id-2' }, { id: 'id' }],
    [{ tenant: 'eu' }, { tenant: 'EU' }],
    [{ client: 'ci' }, { client: 'other' }],
    [{ method: 'post' }, { method: 'GET' }],
    [{ status: '502' }, { status: '50' }],
    [{ status: '5xx' }, { status: '4xx' }],
    [{ operation: '/v2/alert' }, { operation: '/v2' }],
    [{ problem: 'upstream-unreachable' }, { problem: 'upstream' }],
  ]
  for (const [own, other] of conditions) {
    t.ok(holds(own), JSON.stringify(own))
    t.notOk(holds(other), JSON.stringify(other))
  }
})

t.test('a text is found wherever a person would look for it, in any case', async t => {
  for (const text of ['alert?', 'ID-2', 'ci', 'eu', 'no route', 'unreachable', 'THEIRS', '/v2/alert'])
    t.ok(holds({ text }), text)
  t.notOk(holds({ text: 'nowhere' }))
  t.notOk(holds({ text: 'undefined' }, makeRecord()), 'what is not there has no name')
  t.notOk(holds({ text: 'null' }, makeRecord()))
})

t.test('all conditions must hold; without any, every record is shown', async t => {
  t.ok(holds({ tenant: 'eu', status: '5xx' }))
  t.notOk(holds({ tenant: 'eu', status: '2xx' }))
  t.ok(holds({}))
})

t.test('requests that run or were aborted have no class', async t => {
  const [running, aborted] = [makeRecord({ status: null }), makeRecord({ status: 0 })]
  t.ok(holds({ status: 'running' }, running))
  t.ok(holds({ status: 'aborted' }, aborted))
  t.notOk(holds({ status: 'running' }, aborted))
  t.notOk(holds({ status: 'aborted' }, running))
  for (const record of [running, aborted]) t.notOk(holds({ status: '2xx' }, record))
})

t.test('a status is a number, a class, or a word', async t => {
  for (const good of ['200', '4xx', 'aborted', 'running']) t.ok(isStatus(good), good)
  for (const bad of ['', '20', '2000', 'xxx', '4XX', '4xx ', 'ok']) t.notOk(isStatus(bad), bad)
})
