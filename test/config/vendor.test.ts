import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Config } from '../../src/config/config.ts'
import { faultsOf, load } from './support.ts'

const PC = { PC_URL: 'app2', PC_IDENTITY: 'pc-id', PC_SECRET: 'pc-key' }
const GO = {
  PRISMACLOUD_URL: 'api3.prismacloud.io',
  PRISMACLOUD_USERNAME: 'go-id',
  PRISMACLOUD_PASSWORD: 'go-key',
  PRISMACLOUD_CUSTOMER_NAME: 'A Customer',
}
const SDK = { '.prismacloud': { 'credentials.json': '{"url": "app4", "identity": "sdk-id", "secret": "sdk-key"}' } }

async function summary({ tenants }: Config) {
  const all = [...tenants.values()].map(async ({ name, api: target, credentials, customerName }) => {
    const { accessKeyId, secretKey } = await credentials.read()
    return { name, stack: target.stack, key: [accessKeyId.reveal(), secretKey.reveal()], customerName }
  })
  return Promise.all(all)
}

t.test("the first set of the vendor's variables defines the default tenant", async t => {
  const homeDirectory = t.testdir(SDK)
  const pc = await load({ env: { ...PC, ...GO }, homeDirectory })
  t.strictSame(await summary(pc), [{ name: 'default', stack: 'app2', key: ['pc-id', 'pc-key'], customerName: null }])
  t.equal(pc.tenants.get('default')?.credentials.origin, 'environment PC_IDENTITY/PC_SECRET')

  const go = await load({ env: { PC_URL: 'app2', PC_SECRET: '', ...GO }, homeDirectory })
  t.strictSame(await summary(go), [
    { name: 'default', stack: 'app3', key: ['go-id', 'go-key'], customerName: 'A Customer' },
  ])

  const moved = await load({ env: { PC_URL: 'app2' }, homeDirectory })
  t.strictSame(
    await summary(moved),
    [{ name: 'default', stack: 'app2', key: ['sdk-id', 'sdk-key'], customerName: null }],
    'a url alone belongs to the key in the file',
  )

  const sdk = await load({ env: {}, homeDirectory })
  t.strictSame(await summary(sdk), [{ name: 'default', stack: 'app4', key: ['sdk-id', 'sdk-key'], customerName: null }])
  t.equal(
    sdk.tenants.get('default')?.credentials.origin,
    `file ${join(homeDirectory, '.prismacloud', 'credentials.json')}`,
  )
})

t.test("our own settings override the vendor's", async t => {
  const args = ['--url', 'app.eu', '--customer-name', 'Mine']
  t.strictSame(await summary(await load({ args, env: GO })), [
    { name: 'default', stack: 'app.eu', key: ['go-id', 'go-key'], customerName: 'Mine' },
  ])
  const own = await load({ args: ['--url', 'app.eu'], env: {}, homeDirectory: t.testdir(SDK) })
  t.strictSame(await summary(own), [
    { name: 'default', stack: 'app.eu', key: ['sdk-id', 'sdk-key'], customerName: null },
  ])
})

t.test("the only tenant in a file without access keys gets the vendor's settings", async t => {
  const file = join(t.testdir({ 'c.yaml': 'tenants: {prod: {url: app3, secretKey: null}}' }), 'c.yaml')
  t.strictSame(await summary(await load({ args: ['--config', file], env: PC })), [
    { name: 'prod', stack: 'app3', key: ['pc-id', 'pc-key'], customerName: null },
  ])
})

t.test("the vendor's access key is ignored as soon as we set one, even half of one", async t => {
  const env = { ...PC, PRISMACLOUD_PROXY_TENANTS_PROD_ACCESS_KEY_ID: 'an-id' }
  const missingSecret = {
    key: 'tenants.prod.secretKey',
    origin: 'tenants.prod.secretKey',
    problem: 'missing',
    cure: /secretKeyFile.*PRISMACLOUD_PROXY_TENANTS_PROD_SECRET_KEY/,
  }
  const homeDirectory = t.testdir(SDK)
  const faults = await faultsOf({ env, homeDirectory })
  t.match(faults, [missingSecret])
  t.equal(faults.length, 1)
  const { PC_URL: _, ...withoutUrl } = env
  t.match(await faultsOf({ env: withoutUrl, homeDirectory }), [
    {
      key: 'tenants.prod.url',
      origin: 'tenants.prod.url',
      problem: 'missing',
      cure: /PRISMACLOUD_PROXY_TENANTS_PROD_URL/,
    },
    missingSecret,
  ])
})

t.test("the vendor's url applies to the default tenant, whatever the source of its key, unless we set one", async t => {
  const key = { 'id.txt': 'an-id', 'key.txt': 'a-key', 'no-url.json': '{"identity": "an-id", "secret": "a-key"}' }
  const file = (name: string) => join(folder, name)
  const folder = t.testdir({ ...key, 'url.json': '{"url": "app4", "identity": "an-id", "secret": "a-key"}' })
  const halves = ['--access-key-id-file', file('id.txt'), '--secret-key-file', file('key.txt')]
  for (const [args, stack] of [
    [halves, 'app2'],
    [[...halves, '--url', 'app3'], 'app3'],
    [['--credentials-file', file('no-url.json')], 'app2'],
    [['--credentials-file', file('url.json')], 'app4'],
  ] as const) {
    const config = await load({ args, env: { PC_URL: 'app2' } })
    t.match(await summary(config), [{ stack, key: ['an-id', 'a-key'] }], args.join(' '))
  }
  const go = await load({ args: halves, env: { PRISMACLOUD_URL: 'api3.prismacloud.io' } })
  t.match(await summary(go), [{ stack: 'app3' }])
  const bad = await faultsOf({ args: halves, env: { PC_URL: 'ap2' } })
  t.match(bad, [{ key: 'tenants.default.url', origin: 'PC_URL', problem: /is not a known stack/ }])
  const others = 'tenants: {a: {accessKeyId: x, secretKey: y}, b: {accessKeyId: x, secretKey: y}}\ndefaultTenant: b'
  const several = await faultsOf({ args: ['--config', join(t.testdir({ 'c.yaml': others }), 'c.yaml')], env: PC })
  t.match(several, [{ key: 'tenants.a.url', problem: 'missing' }])
  t.equal(several.length, 1, 'it applies to no other tenant')
})

t.test('there is a warning about quotes that no shell removed, without the value', async t => {
  const folder = t.testdir({ id: 'an-id', key: "'hunter22'" })
  chmodSync(join(folder, 'key'), 0o600)
  for (const [env, args, warning] of [
    [{ ...PC, PC_SECRET: '"hunter22"' }, [], /^tenants\.default\.secretKey \(PC_SECRET\): the quotes around the value/],
    [
      { ...PC, PC_IDENTITY: "'hunter22'" },
      [],
      /^tenants\.default\.accessKeyId \(PC_IDENTITY\): the quotes around the value/,
    ],
    [{ ...PC, PC_SECRET: '“hunter22”' }, [], /PC_SECRET/],
    [
      { PC_URL: 'app2' },
      ['--access-key-id-file', join(folder, 'id'), '--secret-key-file', join(folder, 'key')],
      /^tenants\.default\.secretKeyFile \(.*key\): the quotes around the value/,
    ],
  ] as const) {
    const { warnings } = await load({ env, args })
    t.match(warnings, [warning])
    t.equal(warnings.length, 1)
    t.notMatch(warnings.join(), 'hunter22')
  }
  t.strictSame((await load({ env: { ...PC, PC_SECRET: '"hunter22' } })).warnings, [], 'a single one may be part of it')
  const faults = await faultsOf({ env: { ...PC, PC_URL: '"app2"' } })
  t.match(faults, [{ key: 'tenants.default.url', origin: 'PC_URL', cure: /^remove the quotes; / }])
})

t.test('a stack that this version does not know is accepted, with a warning', async t => {
  for (const PC_URL of ['app99', 'https://app99.prismacloud.io', 'api.xx.prismacloud.io/login']) {
    const { tenants, warnings } = await load({ env: { ...PC, PC_URL } })
    t.ok(tenants.get('default')?.api.stack)
    t.match(warnings, [
      /^tenants\.default\.url \(PC_URL\): ".*" is not a stack that this version knows; to list the known ones, run/,
    ])
  }
  const { warnings } = await load({ env: { ...PC, PC_URL: 'https://app99.prismacloud.io/?token=hunter22' } })
  t.match(warnings, [/^tenants\.default\.url \(PC_URL\): the value is not a stack that this version knows/])
  for (const PC_URL of ['app2', 'https://gateway.example/x'])
    t.strictSame((await load({ env: { ...PC, PC_URL } })).warnings, [])
})

const incomplete = [
  { env: { PC_IDENTITY: 'x' }, names: ['PC_URL', 'PC_SECRET'] },
  { env: { PC_SECRET: 'x', PC_URL: 'app2' }, names: ['PC_IDENTITY'] },
  { env: { PC_SECRET: 'x', PC_URL: 'app2', ...GO }, names: ['PC_IDENTITY'] },
  { env: { PRISMACLOUD_PASSWORD: 'x' }, names: ['PRISMACLOUD_URL', 'PRISMACLOUD_USERNAME'] },
]

t.test("each missing variable of the vendor's set is a fault", async t => {
  for (const { env, names } of incomplete) {
    const faults = await faultsOf({ env, homeDirectory: t.testdir(SDK) })
    t.strictSame(
      faults.map(({ origin, problem, cure }) => [origin, problem, cure]),
      names.map(name => [name, 'missing', `set ${name}, too`]),
    )
  }
})

t.test('no access key at all is one fault, with the simplest ways to set one', async t => {
  for (const sources of [{ env: {} }, { env: { PC_URL: 'app2' }, args: ['--url', 'app2'] }]) {
    const faults = await faultsOf(sources)
    t.match(faults, [
      {
        key: 'tenants',
        origin: 'tenants',
        problem: 'no access key',
        cure: /PC_URL, PC_IDENTITY and PC_SECRET.*--config FILE/,
      },
    ])
    t.equal(faults.length, 1)
  }
})

t.test("the SDK's file must be complete, including the url", async t => {
  const file = (text: string) => t.testdir({ '.prismacloud': { 'credentials.json': text } })
  const origin = /credentials\.json$/
  t.match(await faultsOf({ env: {}, homeDirectory: file('') }), [
    { key: 'tenants.default.credentialsFile', origin, problem: /is empty$/ },
  ])
  t.match(await faultsOf({ env: {}, homeDirectory: file('{"identity": "a", "secret": "b"}') }), [
    { key: 'tenants.default.url', origin, problem: 'missing' },
  ])
  t.match(await faultsOf({ env: {}, homeDirectory: file('{"url": "ap3", "identity": "a", "secret": "b"}') }), [
    { key: 'tenants.default.url', origin, problem: '"ap3" is not a known stack' },
  ])
})
