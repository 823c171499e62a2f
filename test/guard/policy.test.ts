import t from 'tap'
import { type Policy, parseRule } from '../../src/config/policy.ts'
import { blockedBy } from '../../src/guard/policy.ts'
import { readingsOf } from '../../src/request/readings.ts'

const OPEN: Policy = { name: 'policy', access: 'read-write', allow: [], deny: [] }
const READ_ONLY: Policy = { ...OPEN, access: 'read-only' }
const allowing = (...rules: string[]): Policy => ({ ...OPEN, allow: rules.map(parseRule) })
const denying = (...rules: string[]): Policy => ({ ...OPEN, deny: rules.map(parseRule) })

type Row = [request: string, refusal?: RegExp]

function hold(title: string, policy: Policy, rows: readonly Row[]) {
  t.test(title, async t => {
    for (const [request, refusal] of rows) {
      const [method = '', path = ''] = request.split(' ')
      const found = blockedBy([policy], method, readingsOf(path))
      if (refusal) t.match(found, refusal, request)
      else t.equal(found, undefined, request)
    }
  })
}

const KEYS = /^blocked by policy\.deny: POST,PUT,PATCH,DELETE \/access_keys\/\*\*$/

hold('a deny rule covers every spelling of the path', denying('POST,PUT,PATCH,DELETE /access_keys/**'), [
  ['GET /access_keys'],
  ['HEAD /access_keys'],
  ['POST /access_keysx'],
  ['POST /v2/access_keys'],
  ['POST /x/access_keys'],
  ['POST /access_keysx.json'],
  ['POST /access_keys', KEYS],
  ['PATCH /access_keys/id/status/true', KEYS],
  ['DELETE /access_keys/id', KEYS],
  ['POST /ACCESS_Keys', KEYS],
  ['POST //access_keys', KEYS],
  ['POST /access_keys/', KEYS],
  ['POST /access_keys;v=1', KEYS],
  ['POST /access%5fkeys', KEYS],
  ['POST /access%255fkeys', KEYS],
  ['POST /access_keys%2Fid', KEYS],
  ['POST /x/%252e%252e/access_keys', KEYS],
  ['POST /%255caccess_keys', KEYS],
  ['POST /%2525252561ccess_keys', KEYS],
  ['POST /access_keys.json', KEYS],
  ['POST /access_keys%20.json', KEYS],
  ['POST /access_keys.%20', KEYS],
  ['POST /access_keys/id.', KEYS],
  ['POST /access_keys%20', KEYS],
  ['POST /access_keys+', KEYS],
  ['POST /%20access_keys/%E3%80%80', KEYS],
  ['POST /access_keys%23x', KEYS],
  ['POST /access_keys%253fx', KEYS],
  ['POST /access_keys%26x=y', KEYS],
  ['POST //host/access_keys', KEYS],
  ['POST /%EF%BD%81ccess_keys', KEYS],
  ['POST /acceS%C5%BF_keys', KEYS],
  ['POST /access_%E2%84%AAeys', KEYS],
  ['POST /access%E2%80%8B_keys', KEYS],
  ['POST /access%AD_keys', KEYS],
])

hold('an allow rule blocks everything else', allowing('GET /v2/alert/*', '/search/**', 'POST /v2/alert'), [
  ['GET /v2/alert/P-1'],
  ['HEAD /v2/alert/P-1'],
  ['POST /v2/alert'],
  ['DELETE /search'],
  ['PUT /search/a/b'],
  ['GET /v2/alert', /^blocked by policy\.allow: no rule matches$/],
  ['GET /v2/alert/P-1/x', /^blocked by policy\.allow: no rule matches$/],
  ['POST /v2/alert/P-1', /^blocked by policy\.allow: no rule matches$/],
  ['GET /v2/alert/P%2F1', /^blocked by policy\.allow: no rule matches$/],
  ['GET /v2/alertx', /^blocked by policy\.allow: no rule matches$/],
])

const WRITES = /^blocked by policy\.access: read-only \(this request writes\); to permit it, add /
const UNKNOWN = /^blocked by policy\.access: read-only \(no API description has this request, so it may write\); /

hold('read-only allows what reads or exports, and nothing else', READ_ONLY, [
  ['GET /v2/policy'],
  ['HEAD /v2/policy'],
  ['OPTIONS /v2/policy'],
  ['GET /not/described'],
  ['POST /v2/alert'],
  ['POST /V2/Alert/'],
  ['POST /search/config'],
  ['POST /search/event'],
  ['POST /v2/inventory'],
  ['POST /compliance/posture/1/2'],
  ['POST /audit/api/v1/filter/suggest'],
  ['POST /alert/csv'],
  ['POST /code/api/v1/repositories/query'],
  ['POST /s%65arch/config'],
  ['PUT /v2/alert', UNKNOWN],
  ['DELETE /policy/1', WRITES],
  ['PATCH /policy/1/status/true', WRITES],
  ['POST /policy', WRITES],
  ['POST /alert/dismiss', WRITES],
  ['POST /search/history/1', WRITES],
  ['POST /compliance/posture/requirement', WRITES],
  ['POST /search/network', UNKNOWN],
  ['POST /x/query', UNKNOWN],
  ['POST /x/search', UNKNOWN],
  ['POST /policy%2Fsearch', UNKNOWN],
  ['POST /policy;/search', WRITES],
  ['POST /policy%23/search', WRITES],
  ['POST /policy%3F/search', WRITES],
  ['POST /policy%2523/search', WRITES],
  ['POST /search%2fconfig', UNKNOWN],
  ['POST /search;x', UNKNOWN],
  ['POST /compliance/posture%2f1', UNKNOWN],
  ['POST /search.json', UNKNOWN],
  ['POST /search/config.json', UNKNOWN],
  ['PURGE /v2/policy', UNKNOWN],
])

t.test('a request that read-only refuses is told which rule permits it', async t => {
  const cure = (request: string) => {
    const [method = '', path = ''] = request.split(' ')
    return blockedBy([READ_ONLY], method, readingsOf(path))?.split('to permit it, ')[1]
  }
  t.equal(cure('PUT /policy/1'), 'add "PUT /policy/*" to policy.allow')
  t.equal(cure('POST /New/Search'), 'add "POST /new/search" to policy.allow')
  t.equal(cure('POST /policy;/search'), 'add a rule for it to policy.allow', 'no rule matches all of its readings')
  t.equal(cure('POST /x%2525'), 'add a rule for it to policy.allow', 'no rule has %')
  for (const path of ['/**', '/%2a%2a', '/v2/*'])
    t.equal(cure(`POST ${path}`), 'add a rule for it to policy.allow', 'not one that permits other requests, too')
  t.equal(cure(`POST /${'x'.repeat(200)}`), 'add a rule for it to policy.allow')
})

const PERMITTING = { ...allowing('POST /v2/report', 'PUT /policy/*'), access: 'read-only' } as const

hold('with read-only, allow permits single writes', PERMITTING, [
  ['GET /v2/policy'],
  ['POST /v2/alert'],
  ['POST /v2/report'],
  ['PUT /policy/1'],
  ['DELETE /policy/1', WRITES],
  ['POST /v2/report.json', UNKNOWN],
  ['PUT /policy/1%2f2', WRITES],
])

const X = { usual: '/x', all: ['/x'] }

t.test('every policy must allow a request, and the first that blocks it is named', async t => {
  const tenant = { ...READ_ONLY, name: 'tenants.prod' }
  t.equal(blockedBy([OPEN, tenant], 'GET', X), undefined)
  t.match(blockedBy([OPEN, tenant], 'PUT', X), /^blocked by tenants\.prod\.access/)
  t.match(blockedBy([denying('/x'), tenant], 'PUT', X), /^blocked by policy\.deny/)
})
