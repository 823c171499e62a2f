import t from 'tap'
import { OPERATIONS } from '../../src/operations/operations.ts'
import { endpoint } from '../../src/pacing/endpoint.ts'

const rows: [method: string, path: string, counted: string][] = [
  ['GET', '/v2/alert', 'GET /v2/alert'],
  ['POST', '/v2/alert', 'POST /v2/alert'],
  ['GET', '/alert/count/open', 'GET /alert/count/{status}'],
  ['GET', '/alert/policy', 'GET /alert/policy'],
  ['GET', '/alert/P-1', 'GET /alert/{id}'],
  ['DELETE', '/alert/P-1', 'DELETE /alert/P-1'],
  ['GET', '/cloud/group/name/aws', 'GET /cloud/group/name/{cloud_type}'],
  ['GET', '/entitlement/api/v1/collection', 'GET /entitlement/api/v1/collection'],
  ['GET', '/v1/resource_list/types', 'GET /v1/resource_list/types'],
  ['GET', '/alert/P-12345678', 'GET /alert/{id}'],
  ['GET', '/config/api/v1/tenant/42/archiveList', 'GET /config/api/v1/tenant/{prisma_id}/archiveList'],
  ['GET', '/cloud/group/6d1b4c56-7c3c-4f0e-9d2a-0b1c2d3e4f50', 'GET /cloud/group/{id}'],
  ['GET', '/config/api/v1/tenant/42/archivelist', 'GET /config/api/v1/tenant/{prisma_id}/archiveList'],
  ['GET', '/user/jane@example', 'GET /user/{id}'],
  ['HEAD', '/policy/basic', 'HEAD /policy/{id}'],
  ['GET', '/', 'GET /'],
  ['GET', `/${'x'.repeat(300)}`, `GET /${'x'.repeat(195)}`],
]

function endpointOf(method: string, path: string) {
  return endpoint(method, path, OPERATIONS.find(method, path.toLowerCase()))
}

for (const [method, path, counted] of rows) {
  t.test(`${method} ${path} is counted as ${counted}`, async t => {
    t.equal(endpointOf(method, path).name, counted)
  })
}

t.test('a documented limit is known before the first response', async t => {
  const limit = (method: string, path: string) => endpointOf(method, path).limit
  t.strictSame(limit('POST', '/v2/alert'), { rate: 2, burst: 10 })
  t.strictSame(limit('POST', '/alert/policy'), { rate: 1, burst: 5 })
  t.equal(limit('HEAD', '/alert/policy'), undefined)
  t.strictSame(limit('GET', '/alert/7'), { rate: 5, burst: 10 })
  t.strictSame(limit('GET', '/v1/resource_list/types'), { rate: 4, burst: 4 })
  t.strictSame(limit('GET', '/config/api/v1/tenant/42/archiveList'), { rate: 80 / 60, burst: 80 })
  for (const path of ['/v2/policy', '/alert/count/open/x', '/alert/7/x', '/alertx', '/'])
    t.equal(limit('GET', path), undefined, path)
})
