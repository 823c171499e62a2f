import t from 'tap'
import { parseRequest } from '../../src/request/parse.ts'
import { chooseDestination } from '../../src/request/tenant.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const tenants = new Map(['default', 'team-a', 'team-b'].map(name => [name, { name, api: resolveApi('app2') }]))

const API = { compute: false, prefix: '', computeConsole: undefined }

function choose(rawTarget: string, { header, host }: { header?: string; host?: string } = {}) {
  const parsed = parseRequest({ method: 'GET', rawTarget, host, proxyHost: undefined })
  const { tenant, destination } = chooseDestination(parsed, header, { tenants, defaultTenant: 'default' })
  const { compute, apiTarget, prefix, computeConsole } = destination
  return { tenant: tenant.name, compute, apiTarget, prefix, computeConsole }
}

t.test('a request names its tenant by header, host or path, or else is for the default', async t => {
  t.strictSame(choose('/x'), { tenant: 'default', apiTarget: '/x', ...API })
  t.strictSame(choose('/x', { host: 'localhost:9080' }), { tenant: 'default', apiTarget: '/x', ...API })
  t.strictSame(choose('/x', { host: '127.0.0.1' }), { tenant: 'default', apiTarget: '/x', ...API })
  t.strictSame(choose('/x', { header: 'team-a' }), { tenant: 'team-a', apiTarget: '/x', ...API })
  t.strictSame(choose('/x', { host: 'team-b.localhost' }), { tenant: 'team-b', apiTarget: '/x', ...API })
  t.equal(choose('/x', { host: 'team-b.localhost.:9080' }).tenant, 'team-b')
  t.strictSame(choose('/x', { host: 'Team-B.LocalHost:9080' }), { tenant: 'team-b', apiTarget: '/x', ...API })
  t.strictSame(choose('/_tenant/team-a/x?y=1'), {
    tenant: 'team-a',
    apiTarget: '/x?y=1',
    ...API,
    prefix: '/_tenant/team-a',
  })
})

t.test('the prefix is removed, and the rest is a path', async t => {
  t.equal(choose('/_tenant/team-a').apiTarget, '/')
  t.equal(choose('/_tenant/team-a?x=1').apiTarget, '/?x=1')
  t.equal(choose('/_tenant/team-a/').apiTarget, '/')
  t.equal(choose('/_tenant/team-a//x').apiTarget, '//x')
  t.equal(choose('/_tenant/team-a/_tenant/team-b/x').apiTarget, '/_tenant/team-b/x', 'it is taken off once')
  t.equal(choose('/_tenantx/y').apiTarget, '/_tenantx/y')
})

t.test('Compute is named by host or path, alone or with the tenant', async t => {
  const compute = { ...API, tenant: 'default', compute: true, apiTarget: '/api/v1/hosts' }
  const path = '/api/v1/hosts'
  t.strictSame(choose(`/_compute${path}`), { ...compute, prefix: '/_compute' })
  t.strictSame(choose(path, { host: 'compute.localhost:9080' }), compute)
  t.strictSame(choose(path, { host: 'compute.localhost.:9080' }), compute)
  t.strictSame(choose(path, { host: 'team-a--compute.localhost.' }), { ...compute, tenant: 'team-a' })
  t.strictSame(choose(path, { host: 'compute.localhost', header: 'team-a' }), { ...compute, tenant: 'team-a' })
  t.strictSame(choose(path, { host: 'Team-A--Compute.localhost' }), { ...compute, tenant: 'team-a' })
  const both = '/_tenant/team-a/_compute'
  t.strictSame(choose(`${both}${path}`), { ...compute, tenant: 'team-a', prefix: both })
  t.strictSame(choose(`${both}?x`), { ...compute, tenant: 'team-a', prefix: both, apiTarget: '/?x' })
  t.equal(choose('/_compute').apiTarget, '/')
  for (const other of [
    '/_computer/x',
    '/_Compute/x',
    '/x/_compute/y',
    '//_compute/x',
    '/_compute%2Fx',
    '/%5fcompute/x',
  ])
    t.strictSame(choose(other), { tenant: 'default', ...API, apiTarget: other })
  t.throws(() => choose(path, { host: 'nobody--compute.localhost' }), { name: 'Problem', type: 'unknown-tenant' })
  t.throws(() => choose(path, { host: 'team-a--compute.localhost', header: 'team-b' }), {
    name: 'Problem',
    type: 'invalid-request',
  })
})

t.test('a Compute console is recognized by its own host', async t => {
  const at = (target: string) => choose(target, { host: 'us-east1.cloud.twistlock.com' })
  const console = (basePath: string) => ({ origin: 'https://us-east1.cloud.twistlock.com', basePath })
  const base = { tenant: 'default', compute: true }
  for (const [target, path, prefix] of [
    ['/us-1-1/api/v1/hosts?x=/api/', '/api/v1/hosts?x=/api/', '/us-1-1'],
    ['/a/b/api/v1/api/', '/api/v1/api/', '/a/b'],
    ['/api/v1', '/api/v1', ''],
    ['/us-1-1/other', '/us-1-1/other', ''],
    ['/us-1-1?/api/', '/us-1-1?/api/', ''],
  ] as const)
    t.strictSame(at(target), { ...base, apiTarget: path, prefix, computeConsole: console(prefix) }, target)
  t.notOk(choose('/x', { host: 'cloud.twistlock.com' }).compute)
  t.notOk(choose('/x', { host: 'a.b.cloud.twistlock.com' }).compute)
})

t.test('a request may name one tenant several times, but not two tenants', async t => {
  const host = 'team-a.localhost'
  t.equal(choose('/_tenant/team-a/x', { header: 'team-a', host }).tenant, 'team-a')
  const several = { name: 'Problem', type: 'invalid-request', status: 400, detail: /several tenants: / }
  t.throws(() => choose('/x', { header: 'team-b', host }), several)
  t.throws(() => choose('/_tenant/team-b/x', { host }), several)
  t.throws(() => choose('/_tenant/team-b/x', { header: 'team-a' }), several)
  t.throws(() => choose('/_tenant/team-b/x', { header: 'default' }), several)
})

t.test('an unknown tenant never falls back to the default, and the nearest known one is suggested', async t => {
  const unknown = { name: 'Problem', type: 'unknown-tenant', status: 404 }
  t.throws(() => choose('/x', { header: 'team-c' }), {
    ...unknown,
    detail: 'Unknown tenant "team-c"; did you mean "team-a"?',
  })
  t.throws(() => choose('/x', { host: 'production.localhost' }), {
    ...unknown,
    detail: 'Unknown tenant "production"; configured: default, team-a, team-b',
  })
  for (const host of ['a.team-a.localhost', 'team_a.localhost:9080'])
    t.throws(() => choose('/x', { host }), unknown, host)
  for (const facts of [{ header: '' }, { header: 'TEAM-A' }, { header: 'team-a, team-b' }]) {
    t.throws(() => choose('/x', facts), unknown)
  }
  for (const target of ['/_tenant/', '/_tenant//x', '/_tenant/%74eam-a/x']) t.throws(() => choose(target), unknown)
  t.throws(() => choose(`/_tenant/${'x'.repeat(10_000)}/`), { name: 'Problem', detail: /"x{64}";/ })
})

t.test('each tenant’s requests go to its own upstream with its own session', async t => {
  const upstreams = await Promise.all(
    ['a', 'b'].map(name =>
      rawUpstream(t, request => request.answer(http('200 OK', [], `${name}${request.target}`)), {
        login: request => request.answer(http('200 OK', [], JSON.stringify({ token: `token-${name}` }))),
      }),
    ),
  )
  const [a, b] = upstreams
  const proxy = await startProxy(t, {
    upstream: a?.url ?? '',
    tenants: { default: {}, other: { url: b?.url ?? '' } },
  })
  const text = async (path: string, headers: Record<string, string> = {}) => (await proxy.call(path, { headers })).text
  t.equal(await text('/x'), 'a/x')
  t.equal(await text('/x', { 'x-prismacloud-tenant': 'other' }), 'b/x')
  t.equal(await text('/_tenant/other/x'), 'b/x')
  t.equal(await text('/x', { host: 'other.localhost' }), 'b/x')
  t.match(a?.requests[0]?.head, 'x-redlock-auth: token-a')
  t.match(b?.requests[0]?.head, 'x-redlock-auth: token-b')
  const unknown = await proxy.call('/x', { headers: { 'x-prismacloud-tenant': 'othre' } })
  t.match(unknown, { status: 404, headers: { 'content-type': 'application/problem+json' } })
  t.match(unknown.json(), { type: '/_proxy/problems/unknown-tenant', detail: /did you mean "other"/ })
  t.equal((await proxy.call('/_tenant/other/x', { headers: { 'x-prismacloud-tenant': 'default' } })).status, 400)
})
