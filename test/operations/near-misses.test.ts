import t from 'tap'
import { TREE } from '../../src/operations/generated-tree.ts'
import { nearMisses } from '../../src/operations/near-misses.ts'
import type { Branch } from '../../src/operations/operation.ts'
import { OperationTree } from '../../src/operations/operation-tree.ts'
import { OPERATIONS } from '../../src/operations/operations.ts'
import { Random } from '../support/random.ts'
import { counted } from './counted.ts'
import { pathOf, ROWS } from './table.ts'

/** Requests, and what was meant, the likeliest first. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  // letters
  'POST /serach/config': ['POST /search/config'],
  'GET /alret': ['GET /alert'],
  'GET /v2/polcy': ['GET /v2/policy'],
  'POST /search/confg': ['POST /search/config'],
  'POST /serach/confg': ['POST /search/config'],
  'GET /acess_keys': ['GET /access_keys'],
  'GET /ccompliance': ['GET /compliance'],
  'PATCH /policy/p-1/statuz/true': ['PATCH /policy/{id}/status/{enabled}'],
  'DELETE /alert/ruel5/r-1': ['DELETE /alert/rule/{id}'],
  'GET /_compute/api/v34.04/contianers': ['GET /_compute/api/v{version}/containers'],
  'POST /_compute/api/v1/image/scan': ['POST /_compute/api/v{version}/images/scan'],
  'GET /code/api/v1/repositoris': ['GET /code/api/v1/repositories'],
  'GET /compute/api/v1/images': ['GET /_compute/api/v{version}/images'],
  // singular and plural
  'GET /alerts': ['GET /alert'],
  'HEAD /alerts': ['GET /alert'],
  'GET /policies': ['GET /policy'],
  'DELETE /policies/p-1': ['DELETE /policy/{id}', 'DELETE /code/api/v1/policies/{policyId}'],
  'POST /alert/rules': ['POST /alert/rule'],
  'GET /v2/alert/rules': ['GET /v2/alert/rule'],
  'GET /user/roles': ['GET /user/role'],
  'GET /compliance/postures/c-1': ['GET /compliance/posture/{complianceId}'],
  // joined and split
  'POST /searchconfig': ['POST /search/config'],
  'POST /search-config': ['POST /search/config'],
  'GET /cloudgroup': ['GET /cloud/group'],
  'GET /access/keys': ['GET /access_keys'],
  'GET /accesskeys': ['GET /access_keys'],
  'GET /access-keys': ['GET /access_keys'],
  'GET /anomalies/trusted/list': ['GET /anomalies/trusted_list'],
  'GET /authz/v1/permission/group/g-1': ['GET /authz/v1/permission_group/{id}'],
  // versions
  'GET /v3/policy': ['GET /v2/policy', 'GET /policy'],
  'GET /v2/policy/p-1': ['GET /policy/{id}'],
  'GET /inventory': ['GET /v2/inventory', 'GET /v3/inventory'],
  'GET /users': ['GET /v2/user', 'GET /v3/user'],
  'GET /user/jane@example.com': ['GET /v2/user/{id}'],
  'POST /user/jane@example.com': ['DELETE /user/{id}'],
  'POST /license/v1/usage': ['POST /license/api/v1/usage'],
  'POST /license/usage': ['POST /license/api/v1/usage', 'POST /license/api/v2/usage'],
  'PUT /dlp/api/config': ['PUT /dlp/api/config/v2'],
  'GET /_compute/api/images': ['GET /_compute/api/v{version}/images'],
  'GET /_compute/api/latest/images': ['GET /_compute/api/v{version}/images'],
  'GET /_compute/api/v1/v34.04/images': ['GET /_compute/api/v{version}/images'],
  'GET /_compute/v34.04/images': ['GET /_compute/api/v{version}/images'],
  'GET /_compute/images': ['GET /_compute/api/v{version}/images'],
  // the other API
  'GET /api/v1/images': ['GET /_compute/api/v{version}/images'],
  'GET /api/v34.04/hosts/download': ['GET /_compute/api/v{version}/hosts/download'],
  'GET /images': ['GET /_compute/api/v{version}/images'],
  'GET /_compute/v2/policy': ['GET /v2/policy'],
  'GET /_compute/policy': ['GET /policy'],
  'POST /_compute/search/config': ['POST /search/config'],
  'GET /_compute/code/api/v1/repositories': ['GET /code/api/v1/repositories'],
  'GET /api/v1/repositories': ['GET /code/api/v1/repositories'],
  'GET /repositories': ['GET /code/api/v1/repositories'],
  'GET /bridgecrew/api/v1/repositories': ['GET /code/api/v1/repositories'],
  'GET /code/code/api/v1/repositories': ['GET /code/api/v1/repositories'],
  'GET /code/v2/policy': ['GET /v2/policy'],
  'GET /api/v1/policy': ['GET /v2/policy', 'GET /policy'],
  // the method
  'GET /search/config': ['POST /search/config'],
  'GET /serach/config': ['POST /search/config'],
  'PUT /v2/policy': ['GET /v2/policy'],
  'PATCH /policy/p-1': ['GET /policy/{id}', 'PUT /policy/{id}', 'DELETE /policy/{id}'],
  'POST /v2/policy': ['GET /v2/policy', 'POST /policy'],
  'GET /v2/report': ['POST /v2/report', 'GET /report'],
  'OPTIONS /v2/policy': ['GET /v2/policy'],
  'GET /_compute/api/v1/defenders/d-1': ['DELETE /_compute/api/v{version}/defenders/{id}'],
}

/** Requests of which nobody knows what was meant. */
const UNCLEAR = [
  ...['/', '', '/x', '/foo', '/nowhere', '/health', '/healthz', '/status', '/metrics', '/graphql', '/favicon.ico'],
  ...['/robots.txt', '/.env', '/wp-admin', '/index.html', '/meta_info', '/iac/v2/scans', '/v2', '/v2/abc', '/api'],
  ...['/3f9a7c1e', '/0b0e5f9c-2f5a-4c8e-9f1b-3f9a7c1e5d2b', '/1234567', '/jane@example.com', '/{id}', '/{id}/{id}'],
  ...['/_proxy/status', '/_proxy/livez', '/_proxy/metrics', '/_proxy/problems/upstream-error', '/_proxy/'],
  ...['/_compute', '/_compute/', '/_compute/api/v1/none', '/_compute/api/v1', '/_compute/x/y/z'],
  ...['/policy/abc/foo', '/alert/abc/def', '/report/foo/bar/baz', '/cloud/foo/bar/baz', '/check/abc'],
  ...['/__proto__', '/constructor', '/searchconstructor', '/search__proto__', '/alert/rule/__proto__/x'],
  ...['/search/config/page/1/2/3', '/earthc/gifnoc', '/left', '/join', '/import'],
]

t.test('what was meant', async t => {
  for (const [request, meant] of Object.entries(MEANT)) {
    const [method = '', path = ''] = request.split(' ')
    t.strictSame(nearMisses(OPERATIONS, method, path), meant, request)
  }
})

t.test('nothing is suggested for paths that are near nothing', async t => {
  for (const path of UNCLEAR) t.strictSame(nearMisses(OPERATIONS, 'GET', path), [], path)
})

t.test('nothing is suggested for operations', async t => {
  for (const { method, template } of ROWS) {
    const path = pathOf(template).toLowerCase()
    t.strictSame(nearMisses(OPERATIONS, method, path), [], `${method} ${path}`)
    if (method === 'GET') t.strictSame(nearMisses(OPERATIONS, 'HEAD', path), [], `HEAD ${path}`)
  }
})

function reads(operation: string): boolean {
  const [method, template] = operation.split(' ')
  return ROWS.some(row => row.method === method && row.template === template && row.effect === 'read')
}

t.test('for another method of a path, the methods that it has', async t => {
  let tried = 0
  for (const path of new Set(ROWS.map(({ template }) => pathOf(template).toLowerCase()))) {
    const operations = OPERATIONS.at(path)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (operations.some(operation => operation.method === method)) continue
      tried++
      const suggested = nearMisses(OPERATIONS, method, path)
      const isThere = operations.some(({ method, template }) => suggested.includes(`${method} ${template}`))
      // for what reads, another version that reads comes before a write
      const isReading = /^(GET|OPTIONS)$/.test(method) && suggested.length > 0 && suggested.every(reads)
      if (!isThere && !isReading) t.fail(`${method} ${path}: ${suggested}`)
    }
  }
  t.ok(tried > 2000, `${tried} were tried`)
})

t.test('every misspelt operation is found, unless another one is as near', async t => {
  const random = new Random(29)
  let missed = 0
  for (const { method, template } of ROWS) {
    const segments = pathOf(template).toLowerCase().split('/')
    // the last literal of four letters or more loses one
    const at = segments.findLastIndex((segment, at) => segment.length > 3 && !template.split('/')[at]?.includes('{'))
    const segment = segments[at] ?? ''
    const letter = Math.floor(random.next() * segment.length)
    segments[at] = segment.slice(0, letter) + segment.slice(letter + 1)
    const path = segments.join('/')
    if (OPERATIONS.find(method, path)) continue
    const suggested = nearMisses(OPERATIONS, method, path)
    if (!suggested.includes(`${method} ${template}`)) missed++
    t.ok(suggested.length > 0, `${method} ${path}`)
  }
  t.ok(missed < 20, `${missed} were missed`)
})

t.test('the work is bounded for any path', async t => {
  let reads = 0
  const tree = new OperationTree(counted(JSON.parse(TREE), () => reads++))
  const work = (path: string) => {
    reads = 0
    nearMisses(tree, 'GET', path)
    return reads
  }
  t.ok(work('/serach/config') < 200)
  t.ok(work('/_compute/api/v34.04/imagse') < 600)
  for (const part of ['/a', '/api/v1', '/v1', '/search', '/%2f', '/_compute/api'])
    t.ok(work(part.repeat(4096 / part.length)) < 50, part)
  for (const letter of ['a', 'v', '1', '-']) t.ok(work(`/${letter.repeat(4095)}`) < 150, letter)
  const long = 'a'.repeat(1000)
  t.ok(work(`/${long}/api/${long}/v1/${long}`) < 150)

  const random = new Random(31)
  const words = [...new Set(ROWS.flatMap(({ template }) => template.toLowerCase().split('/').slice(1))), 'v1', 'code']
  const pick = <T>(from: readonly T[]) => from[Math.floor(random.next() * from.length)] as T
  // climbs towards paths that cause more and more work
  for (let climb = 0; climb < 20; climb++) {
    let segments = pathOf(pick(ROWS).template).toLowerCase().split('/').slice(1)
    let most = 0
    for (let step = 0; step < 200; step++) {
      const changed = segments.toSpliced(Math.floor(random.next() * 16), Math.floor(random.next() * 2), pick(words))
      const found = work(`/${changed.slice(0, 16).join('/')}`)
      if (found > most) [segments, most] = [changed, found]
    }
    t.ok(most < 1000, `${most} reads for /${segments.join('/')}`)
  }
})

t.test('among too many that are near, the nearest are found', async t => {
  const names = ['api', 'code', 'v1', 'v2', 'v3', 'v4']
  const grow = (template: string, depth: number): Branch => ({
    operations: [{ method: 'PUT', template, effect: 'write' }],
    ...(depth > 0 && {
      literals: Object.fromEntries(names.map(name => [name, grow(`${template}/${name}`, depth - 1)])),
    }),
  })
  let reads = 0
  const tree = new OperationTree(counted(grow('', 5), () => reads++))
  t.strictSame(nearMisses(tree, 'GET', '/v1/v1/v1/v1'), ['PUT /v1/v1/v1/v1'])
  t.ok(reads < 150 * 20, `${reads} reads`)
})
