import t from 'tap'
import { TREE } from '../../src/operations/generated-tree.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { OperationTree } from '../../src/operations/operation-tree.ts'
import { OPERATIONS } from '../../src/operations/operations.ts'
import { Random } from '../support/random.ts'
import { counted } from './counted.ts'
import { pathOf, ROWS } from './table.ts'

/** The rows that match a request, found by trying each of them. */
const patterns = ROWS.map(row => {
  const segments = row.template.split('/').map(segment => {
    if (segment === 'v{version}') return 'v\\d+(?:[._]\\d+)*'
    return segment.startsWith('{') ? '[^/]+' : segment.replaceAll('.', '\\.')
  })
  return { row, pattern: new RegExp(`^${segments.join('/')}/?$`, 'i') }
})

function rowsFor(method: string, path: string) {
  return patterns.filter(({ row, pattern }) => row.method === method && pattern.test(path)).map(({ row }) => row)
}

function named(operation: Operation | undefined): string | undefined {
  return operation && `${operation.method} ${operation.template}`
}

t.test('each row is found by its path, and has what the table says', async t => {
  t.ok(ROWS.length > 900)
  t.equal(OPERATIONS.all().length, ROWS.length)
  for (const row of ROWS) {
    const { method, template, effect, deprecated, rate, burst } = row
    const found = OPERATIONS.find(method, pathOf(template).toLowerCase())
    t.equal(named(found), `${method} ${template}`)
    t.equal(found?.effect, effect, template)
    t.equal(found?.deprecatedAt, deprecated ? Date.parse(deprecated) / 1000 : undefined, template)
    const [count, unit] = rate.split('/')
    const limit = rate ? { rate: Number(count) / (unit === 'min' ? 60 : 1), burst: Number(burst) } : undefined
    t.match(found?.limit ?? 'none', limit ?? /none/, template)
  }
})

t.test('HEAD has the operation of GET; another method has none', async t => {
  t.equal(named(OPERATIONS.find('HEAD', '/v2/policy')), 'GET /v2/policy')
  t.equal(OPERATIONS.find('OPTIONS', '/v2/policy'), undefined)
  t.equal(OPERATIONS.find('DELETE', '/v2/policy'), undefined)
  t.equal(OPERATIONS.find('HEAD', '/login'), undefined)
})

t.test('the operations of a path', async t => {
  const methods = (path: string) => OPERATIONS.at(path).map(({ method }) => method)
  t.same(methods('/v2/user/jane@example.com').sort(), ['GET', 'PUT'])
  t.same(methods('/v2/users'), [])
})

t.test('Compute has operations in any version, and only there', async t => {
  for (const version of ['1', '34.04', '22.12.415', '34_04']) {
    const path = `/_compute/api/v${version}/images`
    t.equal(named(OPERATIONS.find('GET', path)), 'GET /_compute/api/v{version}/images', version)
  }
  t.equal(named(OPERATIONS.find('GET', '/_compute/api/v1/certs/ca.pem')), 'GET /_compute/api/v1/certs/ca.pem')
  for (const path of [
    '/api/v1/images',
    '/_compute/api/images',
    '/_compute/api/v/images',
    '/_compute/api/latest/images',
    '/_compute/api/v1x/images',
    '/_compute/api/v1.x/images',
    '/_compute/api/v1./images',
    '/_compute/api/v1..2/images',
    '/_compute/api/v2/certs/ca.pem',
    '/_compute/images',
    '/_compute/v2/policy',
  ])
    t.equal(OPERATIONS.find('GET', path), undefined, path)
})

t.test('a literal wins over a variable', async t => {
  t.equal(named(OPERATIONS.find('POST', '/cloud/name')), 'POST /cloud/name')
  t.equal(named(OPERATIONS.find('POST', '/cloud/aws')), 'POST /cloud/{cloud_type}')
  t.equal(named(OPERATIONS.find('GET', '/alert/policy')), 'GET /alert/policy')
  // the literal is described for GET and POST only
  t.equal(named(OPERATIONS.find('DELETE', '/compliance/posture')), 'DELETE /compliance/{complianceId}')
})

t.test('in doubt which one is meant, the one with the strongest effect', async t => {
  const path = '/compliance/posture/requirement'
  t.same(
    rowsFor('POST', path)
      .map(({ template, effect }) => `${effect} ${template}`)
      .sort(),
    ['read /compliance/posture/{complianceId}', 'write /compliance/{complianceId}/requirement'],
  )
  t.equal(named(OPERATIONS.find('POST', path)), 'POST /compliance/{complianceId}/requirement')
})

t.test('a suffix that some servers ignore never turns a write into a read', async t => {
  for (const { method, template } of ROWS.filter(({ effect, method }) => effect === 'write' && method === 'POST')) {
    const found = OPERATIONS.find(method, `${pathOf(template).toLowerCase()}.json`)
    t.not(found?.effect, 'read', template)
    t.not(found?.effect, 'export', template)
  }
})

t.test('other spellings match nothing', async t => {
  for (const path of [
    '',
    '/',
    '//',
    'v2/policy',
    '/v2//policy',
    '//v2/policy',
    '/v2/policy//',
    '/policy/',
    '/search%2fconfig',
    '/search/config?x',
    '/search/config;x',
    '/search/config.json',
    '/search/ config',
    '/searchconfig',
    '/search/config/page/1',
    '/__proto__',
    '/constructor',
    '/alert/rule/__proto__/x',
    '/v2/hasownproperty',
    '/v2',
    '/v3/policy',
    '/{id}/owners',
    '/code/code/api/v1/repositories',
  ])
    t.same(
      ['GET', 'POST'].map(method => OPERATIONS.find(method, path)).filter(found => found && path !== '/policy/'),
      [],
      path,
    )
  t.equal(named(OPERATIONS.find('GET', '/policy/')), 'GET /policy', 'a slash at the end changes nothing')
})

t.test('100,000 random paths: what the table has, and nothing else, in bounded work', async t => {
  const random = new Random(23)
  let reads = 0
  const counting = new OperationTree(counted(JSON.parse(TREE), () => reads++))
  const words = [...new Set(ROWS.flatMap(({ template }) => template.toLowerCase().split('/').slice(1)))]
  const oddities = ['', '%2f', '..', '{id}', 'v', 'v1', 'v34.04', 'a%2fb', '__proto__', 'x'.repeat(4000)]
  const pick = <T>(from: readonly T[]) => from[Math.floor(random.next() * from.length)] as T
  let found = 0
  let wrong = 0
  let most = 0
  for (let at = 0; at < 100_000; at++) {
    const method = pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
    const path = mutated(pathOf(pick(ROWS).template, pick(words)).toLowerCase())
    reads = 0
    const operation = counting.find(method, path)
    const depth = path.split('/').length
    // each branch has three kinds of branches below it, and the operations; few match a path
    most = Math.max(most, reads / depth)
    const expected = rowsFor(method, path).map(({ template }) => `${method} ${template}`)
    if (operation) found++
    const name = named(operation)
    if (name === undefined ? expected.length > 0 : !expected.includes(name)) {
      wrong++
      t.fail(`${method} ${path}: ${name}, not one of ${expected}`)
    }
  }
  t.ok(found > 10_000, `${found} were found`)
  t.equal(wrong, 0)
  t.ok(most < 20, `${most} reads of the tree for each segment`)

  function mutated(path: string): string {
    if (random.next() < 0.3) return path
    const segments = path.split('/')
    const at = 1 + Math.floor(random.next() * (segments.length - 1))
    const change = Math.floor(random.next() * 4)
    if (change === 0) segments.splice(at, 1)
    else if (change === 1) segments.splice(at, 0, pick([...words, ...oddities]))
    else if (change === 2) segments[at] = pick(oddities)
    else segments[at] = segments[at]?.slice(1) ?? ''
    return segments.join('/')
  }
})
