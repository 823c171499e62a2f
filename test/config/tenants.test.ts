import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { faultsOf, load } from './support.ts'

const KEY = { PRISMACLOUD_PROXY_TENANTS_A_ACCESS_KEY_ID: 'an-id', PRISMACLOUD_PROXY_TENANTS_A_SECRET_KEY: 'a-key' }
const TENANT = { PRISMACLOUD_PROXY_TENANTS_A_URL: 'app2', ...KEY }

t.test('a half of an access key may come from any source, but only from one', async t => {
  const dir = t.testdir({
    id: 'an-id',
    key: 'a-key',
    'sdk.json': '{"url": "app3", "identity": "a", "secret": "b"}',
    'c.yaml': 'tenants:\n  default:\n    accessKeyId: x\n    secretKey: y\n',
  })
  const [id, key, sdk, file] = [join(dir, 'id'), join(dir, 'key'), join(dir, 'sdk.json'), join(dir, 'c.yaml')]
  const origin = async (args: string[], env = {}) => {
    const { tenants } = await load({ args: ['--url', 'app2', ...args], env })
    const source = [...tenants.values()][0]?.credentials
    return [source?.origin, (await source?.read())?.secretKey.reveal()]
  }
  t.strictSame(await origin([], KEY), [`environment ${Object.keys(KEY).join('/')}`, 'a-key'])
  t.strictSame(await origin(['--access-key-id-file', id, '--secret-key-file', key]), [
    `file ${id} and file ${key}`,
    'a-key',
  ])
  t.strictSame(await origin(['--credentials-file', sdk]), [`file ${sdk}`, 'b'])
  const env = { PRISMACLOUD_PROXY_TENANTS_DEFAULT_ACCESS_KEY_ID: 'x' }
  t.strictSame(await origin(['--secret-key-file', key], env), [
    `environment ${Object.keys(env)[0]} and file ${key}`,
    'a-key',
  ])
  const secret = { PRISMACLOUD_PROXY_TENANTS_DEFAULT_SECRET_KEY: 'y' }
  t.strictSame(await origin(['--access-key-id-file', id], secret), [
    `file ${id} and environment ${Object.keys(secret)[0]}`,
    'y',
  ])

  t.strictSame(await origin(['--config', file]), [`file ${file}:3 and file ${file}:4`, 'y'])
  t.match(await faultsOf({ args: ['--url=app2', '--secret-key-file', key], env: { PRISMACLOUD_PROXY_CONFIG: file } }), [
    {
      key: 'tenants.default.secretKeyFile',
      origin: '--secret-key-file',
      problem: `conflicts with tenants.default.secretKey (${file}:4)`,
    },
  ])
  const both = await faultsOf({ args: ['--url=app2', '--credentials-file', sdk, '--config', file], env: {} })
  t.match(both, [
    {
      key: 'tenants.default.credentialsFile',
      problem: /^conflicts with tenants\.default\.secretKey /,
      cure: 'remove one of the two',
    },
  ])
  t.equal(both.length, 1)
})

t.test('all key files that cannot be read or are empty are reported', async t => {
  const dir = t.testdir({ empty: ' \n' })
  const args = ['--url=app2', '--access-key-id-file', join(dir, 'empty'), '--secret-key-file', dir]
  t.match(await faultsOf({ args, env: {} }), [
    { key: 'tenants.default.accessKeyIdFile', origin: '--access-key-id-file', problem: /empty" is empty$/ },
    { key: 'tenants.default.secretKeyFile', origin: '--secret-key-file', problem: /is a directory$/ },
  ])
  const missing = await faultsOf({ args: ['--credentials-file', join(dir, 'no')], env: {} })
  t.match(missing, [{ key: 'tenants.default.credentialsFile', problem: /does not exist$/ }])
  t.equal(missing.length, 1, 'the url may be in that file')
})

t.test('the source of an access key determines how it may change', async t => {
  const dir = t.testdir({ id: 'an-id', key: 'a-key', 'sdk.json': '{"identity": "a", "secret": "b"}' })
  const file = `${dir}/c.json`
  const rows = {
    halves: [{ accessKeyId: 'an-id', secretKey: 'a-key' }, 'fixed'],
    'key-in-file': [{ accessKeyId: 'an-id', secretKeyFile: join(dir, 'key') }, 'file'],
    'id-in-file': [{ accessKeyIdFile: join(dir, 'id'), secretKey: 'a-key' }, 'file'],
    'both-in-file': [{ credentialsFile: join(dir, 'sdk.json') }, 'file'],
    command: [{ credentialCommand: ['op'] }, 'command'],
    'command-once': [{ credentialCommand: ['op'], credentialCommandCache: true }, 'command'],
    'command-each-time': [{ credentialCommand: ['op'], credentialCommandCache: false }, 'changing'],
  } as const
  const given = Object.entries(rows).map(([name, [tenant]]) => [name, { url: 'app2', ...tenant }])
  await writeFile(file, JSON.stringify({ defaultTenant: 'halves', tenants: Object.fromEntries(given) }))
  const { tenants } = await load({ args: ['--config', file], env: {} })
  for (const [name, [, kind]] of Object.entries(rows)) t.equal(tenants.get(name)?.credentials.kind, kind, name)
})

t.test('credentialCommandCache can be set in the environment, to true or false', async t => {
  const env = { PRISMACLOUD_PROXY_TENANTS_A_URL: 'app2', PRISMACLOUD_PROXY_TENANTS_A_CREDENTIAL_COMMAND: '["op"]' }
  const cache = 'PRISMACLOUD_PROXY_TENANTS_A_CREDENTIAL_COMMAND_CACHE'
  const { tenants } = await load({ env: { ...env, [cache]: 'false' } })
  t.equal(tenants.get('a')?.credentials.kind, 'changing')
  t.match(await faultsOf({ env: { ...env, [cache]: 'daily' } }), [
    { key: 'tenants.a.credentialCommandCache', origin: cache, problem: 'invalid value "daily"' },
  ])
})

t.test('the default tenant is the configured one, or the only one', async t => {
  const two = {
    ...TENANT,
    PRISMACLOUD_PROXY_TENANTS_B_URL: 'app',
    PRISMACLOUD_PROXY_TENANTS_B_CREDENTIAL_COMMAND: '["op"]',
  }
  t.equal((await load({ env: TENANT })).defaultTenant, 'a')
  t.equal((await load({ env: two, args: ['--default-tenant', 'b'] })).defaultTenant, 'b')
  t.match(await faultsOf({ env: two }), [
    {
      key: 'defaultTenant',
      origin: 'default',
      problem: '"default" is not a configured tenant',
      cure: 'set defaultTenant to one of: a, b',
    },
  ])
  t.match(await faultsOf({ env: TENANT, args: ['--default-tenant', 'c'] }), [
    {
      key: 'defaultTenant',
      origin: '--default-tenant',
      problem: '"c" is not a configured tenant',
      cure: 'set defaultTenant to one of: a',
    },
  ])
})

t.test('computeUrl names the Compute console; without it, the API does', async t => {
  const url = 'PRISMACLOUD_PROXY_TENANTS_A_COMPUTE_URL'
  t.equal((await load({ env: TENANT })).tenants.get('a')?.api.compute, undefined)
  const { tenants } = await load({ env: { ...TENANT, [url]: 'console.example/us-1/' } })
  t.strictSame(tenants.get('a')?.api.compute, { origin: 'https://console.example', basePath: '/us-1' })
  t.match(await faultsOf({ env: { ...TENANT, [url]: 'http://console.example' } }), [
    { key: 'tenants.a.computeUrl', origin: url, problem: /is http, which/ },
  ])
})

t.test('the names that mean a Compute console in a host name are reserved', async t => {
  for (const name of ['compute', 'a--compute']) {
    const tenants = { [name]: { url: 'app2', accessKeyId: 'an-id', secretKey: 'a-key' } }
    const file = join(t.testdir(), 'c.json')
    await writeFile(file, JSON.stringify({ tenants }))
    const faults = await faultsOf({ args: ['--config', file], env: {} })
    t.match(faults, [{ key: `tenants.${name}`, problem: /means a Compute console/ }], name)
  }
})
