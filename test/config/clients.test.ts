import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ConfigSources } from '../../src/config/load.ts'
import { faultsOf, load } from './support.ts'

const TOKENS = { ci: '0123456789abcdef', admin: 'fedcba9876543210\n' }
/** A configuration file next to two token files. DIR in its text is replaced by their folder. */
function sources(t: Test, text: string, ...args: string[]): ConfigSources {
  const dir = t.testdir(TOKENS)
  writeFileSync(join(dir, 'c.yaml'), `${TENANT}\n${text.replaceAll('DIR', dir)}`)
  return { args: ['--config', join(dir, 'c.yaml'), ...args], env: {}, homeDirectory: dir }
}

const TENANT = 'tenants: {default: {url: app2, accessKeyId: a, secretKey: b}}'

t.test('each client has its own token and policy', async t => {
  const text =
    'clients:\n  ci: {tokenFile: DIR/ci, access: read-only, allow: [POST /v2/report]}\n  admin: {tokenFile: DIR/admin, admin: true}'
  const { clients } = await load(sources(t, text))
  t.match(clients, [
    {
      name: 'ci',
      admin: false,
      policy: { name: 'clients.ci', access: 'read-only', allow: [{ text: 'POST /v2/report' }], deny: [] },
    },
    { name: 'admin', admin: true, policy: null },
  ])
  t.ok(clients[0]?.token.matches('0123456789abcdef'))
  t.ok(clients[1]?.token.matches('fedcba9876543210'))
})

t.test('the environment can define clients, too', async t => {
  const dir = t.testdir(TOKENS)
  const env = {
    PC_URL: 'app2',
    PC_IDENTITY: 'a',
    PC_SECRET: 'b',
    PRISMACLOUD_PROXY_CLIENTS_TEAM_A_TOKEN_FILE: join(dir, 'ci'),
    PRISMACLOUD_PROXY_CLIENTS_TEAM_A_DENY: 'POST /x; /y/**',
    PRISMACLOUD_PROXY_LISTEN_ADDRESS: '0.0.0.0:1',
  }
  const { clients, tenants } = await load({ args: [], env })
  t.match(clients, [{ name: 'team-a', policy: { deny: [{ text: 'POST /x' }, { text: '/y/**' }] } }])
  t.strictSame([...tenants.keys()], ['default'])
})

t.test('the client of listen.clientTokenFile is an admin if it is the only client', async t => {
  const admins = async (text: string) => {
    const given = sources(t, text, '--listen-client-token-file')
    const { clients } = await load({ ...given, args: [...given.args, join(given.homeDirectory, 'admin')] })
    return clients.filter(({ admin }) => admin).map(({ name }) => name)
  }
  t.strictSame(await admins(''), ['default'])
  t.strictSame(await admins('clients: {ci: {tokenFile: DIR/ci}}'), [])
})

t.test('each client needs a token that no other client has', async t => {
  const faults = async (clients: string) => faultsOf(sources(t, `clients: ${clients}`))
  t.match(await faults('{ci: {access: read-only}}'), [
    { key: 'clients.ci.tokenFile', problem: 'missing', cure: /openssl rand -hex 16\)$/ },
  ])
  t.match(await faults('{ci: {tokenFile: DIR/no}}'), [{ key: 'clients.ci.tokenFile', problem: /does not exist/ }])
  t.match(await faults('{a: {tokenFile: DIR/ci}, b: {tokenFile: DIR/ci}}'), [
    { key: 'clients.b', problem: 'has the same token as clients.a' },
  ])
  t.match(await faults('{Ci: {}}'), [{ key: 'clients.Ci', problem: 'invalid name' }])
  t.match(await faults('{ci: {tokenFile: DIR/ci, alow: []}}'), [
    { key: 'clients.ci.alow', cure: 'did you mean allow?' },
  ])
  const both = sources(t, 'clients: {default: {tokenFile: DIR/ci}}', '--listen-client-token-file')
  t.match(await faultsOf({ ...both, args: [...both.args, join(both.homeDirectory, 'admin')] }), [
    { key: 'listen.clientTokenFile', problem: /clients\.default/ },
  ])
})

t.test('an invalid rule is a fault', async t => {
  t.match(await faultsOf(sources(t, 'policy: {deny: [no path], allow: [GET v2]}')), [
    { key: 'policy.allow[0]', problem: 'invalid rule "GET v2"' },
    { key: 'policy.deny[0]', problem: 'invalid rule "no path"' },
  ])
})

t.test('policy.manageAccessKeys lets clients manage access keys', async t => {
  t.equal((await load({ args: ['--policy-manage-access-keys'] })).policy, null)
})

t.test('with read-only access, a rule in allow names the writes that it permits', async t => {
  const text = [
    'policy: {access: read-only, allow: [PUT /x, /v2/**, "* /y"]}',
    'clients: {ci: {tokenFile: DIR/ci, access: read-only, allow: ["GET,HEAD,POST /v2/alert"]}}',
  ]
  t.match(await faultsOf(sources(t, text.join('\n'))), [
    {
      key: 'clients.ci.allow[0]',
      problem: '"GET,HEAD,POST /v2/alert" has no effect on GET, HEAD, because access is read-only',
      cure: 'name only methods that write; to restrict reading, use access: read-write',
    },
    {
      key: 'policy.allow[1]',
      problem: '"/v2/**" permits every write, because access is read-only',
      cure: 'name the methods, e.g. "POST /v2/**"',
    },
    { key: 'policy.allow[2]', cure: 'name the methods, e.g. "POST /y"' },
  ])
  const dir = t.testdir()
  const tenant = '{url: app2, accessKeyId: a, secretKey: b, access: read-only, allow: [/x]}'
  writeFileSync(join(dir, 'c.yaml'), `tenants: {prod: ${tenant}}`)
  const faults = await faultsOf({ args: ['--config', join(dir, 'c.yaml')], env: {}, homeDirectory: dir })
  t.match(faults, [{ key: 'tenants.prod.allow[0]' }])
})
