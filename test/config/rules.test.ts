import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readList } from '../../src/config/schema/read-list.ts'
import { faultsOf, load, VENDOR, yaml } from './support.ts'

const inPolicy: Record<string, RegExp> = {
  'PSOT /v2/alert': /^unknown method "PSOT" \(did you mean POST\?\)$/,
  'GETT,DELETE /v2/alert': /^unknown method "GETT" \(did you mean GET\?\)$/,
  'get,delte, PUTT /x': /^unknown method "delte" \(did you mean DELETE\?\), "PUTT" \(did you mean PUT\?\)$/,
  'PROPFIND /x': /^unknown method "PROPFIND"$/,
  'TRACE /x': /^unknown method "TRACE"/,
  'GET POST /x': /^unknown method "GET POST"/,
  'GET,*,POST /x': /^unknown method "\*"$/,
  'GET,,POST /x': /^unknown method ""$/,
  'https: //api2.prismacloud.io/v2': /^unknown method "https:"/,
  'v2/alert': /^invalid rule "v2\/alert"$/,
  POST: /^invalid rule "POST"$/,
  'POST/x': /^invalid rule "POST\/x"$/,
  '/x POST': /^invalid rule "\/x POST"$/,
  'GET /my policy': /^invalid rule "GET \/my policy"$/,
  '/v2/alert?detailed=true': /^the value has a query, but rules match only the path$/,
  '/v2/alert#x': /^the value has a fragment/,
  '/v2%2Falert': /^"\/v2%2Falert" is percent-encoded/,
  '/alert/{id}': /^"\/alert\/\{id\}" has a placeholder$/,
  '/alert/:id': /has a placeholder/,
  '/alert/<id>': /has a placeholder/,
  '/alert/[0-9]*': /has a placeholder/,
  '/alert/.*': /has \.\*, as in a regular expression/,
  '^/alert$': /^invalid rule "\^\/alert\$"$/,
  '/alert|/policy': /has a character that rules cannot contain/,
  '/alert;v=1': /has a character that rules cannot contain/,
  '/a&b': /has a character that rules cannot contain/,
  '/a\\b': /has a character that rules cannot contain/,
  '/a"b': /has a character that rules cannot contain/,
  '/a\u0001': /has a character that rules cannot contain/,
  '/a\u0085b': /has a character that rules cannot contain/,
  '/a/../b': /has a dot segment/,
  '/a/.': /has a dot segment/,
  '/**/a/**/b/**': /has too many \*/,
  '/a*b*c': /has too many \*/,
  '/a**': /has too many \*/,
  '/_tenant/prod/v2/alert': /^"\/_tenant\/prod\/v2\/alert" starts with \/_tenant, which is removed/,
  '/_proxy/status': /one of the proxy's own/,
  '/_proxy/quit/x': /one of the proxy's own/,
  'POST /login': /is a call that the proxy answers itself/,
  '/auth_token/extend/': /is a call that the proxy answers itself/,
  '/_compute/api/*/authenticate': /is a call that the proxy answers itself/,
  '': /^the element is empty$/,
}

t.test('a rule that could never match, or not what it seems to match, is a fault that says so', async t => {
  for (const [rule, problem] of Object.entries(inPolicy)) {
    const file = yaml(t, JSON.stringify({ policy: { deny: ['/x', rule] } }))
    const faults = await faultsOf({ args: ['--config', file] })
    t.match(faults, [{ key: 'policy.deny[1]', origin: `${file}:1`, problem, cure: /^[a-z].*[^.]$/ }], rule)
    t.equal(faults.length, 1, rule)
  }
})

t.test('cache rules have the same faults, and need a duration and no method', async t => {
  const inCache: Record<string, RegExp> = {
    '/x': /^invalid cache rule "\/x"$/,
    'GET /x 5s': /^"GET \/x 5s" has a method$/,
    '/x 5': /^invalid cache rule "\/x 5"$/,
    '/x 0s': /^"\/x 0s" is out of range$/,
    '/x?y 5s': /has a query/,
    '/_tenant/prod/x 5s': /starts with \/_tenant/,
    '5s /x': /^invalid cache rule/,
  }
  for (const [rule, problem] of Object.entries(inCache)) {
    const faults = await faultsOf({ env: { ...VENDOR, PRISMACLOUD_PROXY_CACHE_RULES: `/x 5s; ${rule}` } })
    const origin = 'PRISMACLOUD_PROXY_CACHE_RULES'
    t.match(faults, [{ key: 'cache.rules[1]', origin, problem, cure: /^[a-z].*[^.]$/ }], rule)
    t.equal(faults.length, 1, rule)
  }
})

t.test('each invalid element of each list is reported, whatever source it is from', async t => {
  const directory = t.testdir({ token: 'the-token-of-the-client' })
  const wrong = ['/x', 'PSOT /x', 'GETT /x']
  const tenants = { prod: { url: 'app2', accessKeyId: 'a', secretKey: 'b', deny: wrong, allow: ['PSOT /x'] } }
  const clients = { ci: { tokenFile: join(directory, 'token'), allow: wrong } }
  const text = JSON.stringify({ policy: { deny: wrong }, cache: { rules: ['/x 1s', 'x'] }, tenants, clients })
  writeFileSync(join(directory, 'c.yaml'), text)
  const keys = async (sources: Parameters<typeof faultsOf>[0]) => (await faultsOf(sources)).map(({ key }) => key).sort()
  t.strictSame(await keys({ args: ['--config', join(directory, 'c.yaml')], env: {} }), [
    'cache.rules[1]',
    'clients.ci.allow[1]',
    'clients.ci.allow[2]',
    'policy.deny[1]',
    'policy.deny[2]',
    'tenants.prod.allow[0]',
    'tenants.prod.deny[1]',
    'tenants.prod.deny[2]',
  ])
  const env = { ...VENDOR, PRISMACLOUD_PROXY_TENANTS_DEFAULT_DENY: '/x; PSOT /x;' }
  t.strictSame(await keys({ env }), ['tenants.default.deny[1]', 'tenants.default.deny[2]'])
  t.strictSame(await keys({ args: ['--policy-allow', ' PSOT /x '] }), ['policy.allow[0]'])
})

t.test('a rule that can match what it says is valid', async t => {
  const rules = [
    'get /x',
    'HEAD,GET  /x',
    'GET, POST /x',
    '* /x',
    '/',
    '/**',
    '//x//',
    '/_compute/**',
    '/_proxy/quit',
    '/_proxy/**',
    '/a:b/@me',
    '/é/*.json',
  ]
  const { policy } = await load({ args: ['--config', yaml(t, JSON.stringify({ policy: { deny: rules } }))] })
  t.strictSame(
    policy?.deny.slice(0, 4).map(({ methods }) => methods),
    [['GET'], ['HEAD', 'GET'], ['GET', 'POST'], null],
  )
})

t.test('an unexpected error does not become a fault of an element', async t => {
  const failing = () => {
    throw new TypeError('an unexpected error')
  }
  t.throws(() => readList(['x'], failing), { name: 'TypeError' })
})
