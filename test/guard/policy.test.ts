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
      const found = blockedBy([policy], method, readingsOf(path).all)
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

hold('read-only allows POSTs that list or search, and no others', READ_ONLY, [
  ['GET /v2/policy'],
  ['HEAD /v2/policy'],
  ['OPTIONS /v2/policy'],
  ['POST /v2/alert'],
  ['POST /search/config'],
  ['POST /search/event'],
  ['POST /search/network'],
  ['POST /v2/inventory'],
  ['POST /v3/inventory'],
  ['POST /compliance/posture'],
  ['POST /compliance/posture/statistics'],
  ['POST /audit/api/v1/log'],
  ['POST /iam/api/v1/x/query'],
  ['POST /x/search'],
  ['POST /audit/api/v1/filter/suggest'],
  ['PUT /v2/alert', /^blocked by policy\.access: read-only/],
  ['DELETE /v2/policy/1', /^blocked by policy\.access: read-only/],
  ['PATCH /v2/policy/1', /^blocked by policy\.access: read-only/],
  ['POST /policy', /^blocked by policy\.access: read-only/],
  ['POST /alert/dismiss', /^blocked by policy\.access: read-only/],
  ['POST /search/history/1', /^blocked by policy\.access: read-only/],
  ['POST /policy%2Fsearch', /^blocked by policy\.access: read-only/],
  ['POST /policy;/search', /^blocked by policy\.access: read-only/],
  ['POST /policy%23/search', /^blocked by policy\.access: read-only/],
  ['POST /policy%3F/search', /^blocked by policy\.access: read-only/],
  ['POST /policy%2523/search', /^blocked by policy\.access: read-only/],
  ['POST /search.json', /^blocked by policy\.access: read-only/],
  ['POST /x/s%65arch'],
  ['PURGE /v2/policy', /^blocked by policy\.access: read-only/],
])

t.test('every policy must allow a request, and the first that blocks it is named', async t => {
  const tenant = { ...READ_ONLY, name: 'tenants.prod' }
  t.equal(blockedBy([OPEN, tenant], 'GET', ['/x']), undefined)
  t.match(blockedBy([OPEN, tenant], 'PUT', ['/x']), /^blocked by tenants\.prod\.access/)
  t.match(blockedBy([denying('/x'), tenant], 'PUT', ['/x']), /^blocked by policy\.deny/)
})
