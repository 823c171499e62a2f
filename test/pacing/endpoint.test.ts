import t from 'tap'
import { endpoint } from '../../src/pacing/endpoint.ts'

const rows: [method: string, path: string, counted: string][] = [
  ['GET', '/v2/alert', 'GET /v2/alert'],
  ['POST', '/v2/alert', 'POST /v2/alert'],
  ['GET', '/alert/count/open', 'GET /alert/count/open'],
  ['GET', '/entitlement/api/v1/collection', 'GET /entitlement/api/v1/collection'],
  ['GET', '/v1/resource_list/types', 'GET /v1/resource_list/types'],
  ['GET', '/alert/P-12345678', 'GET /alert/{id}'],
  ['GET', '/config/api/v1/tenant/42/archiveList', 'GET /config/api/v1/tenant/{id}/archiveList'],
  ['GET', '/cloud/group/6d1b4c56-7c3c-4f0e-9d2a-0b1c2d3e4f50', 'GET /cloud/group/{id}'],
  ['GET', '/user/jane%40example.com', 'GET /user/{id}'],
  ['GET', '/', 'GET /'],
]

for (const [method, path, counted] of rows) {
  t.test(`${method} ${path} is counted as ${counted}`, async t => {
    t.equal(endpoint(method, path), counted)
  })
}
