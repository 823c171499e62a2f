import { join } from 'node:path'
import t from 'tap'
import type { Fault } from '../../src/config/fault.ts'
import { ACCESS_KEY_RULES } from '../../src/config/policy.ts'
import { attempt } from '../../src/config/schema/setting-faults.ts'
import { UsageError } from '../../src/kernel/arguments.ts'
import { makeCa } from '../support/pki.ts'
import { faultsOf, load, VENDOR, yaml } from './support.ts'

t.test('an access key and its url are all that is required', async t => {
  const { tenants, ...config } = await load()
  t.strictSame(config, {
    listen: {
      address: '127.0.0.1:9080',
      tls: 'off',
      tlsAddress: '127.0.0.1:9443',
      tlsCertFile: null,
      tlsKeyFile: null,
      trustedHosts: [],
      clientTokenFile: null,
      exposed: false,
      socketMode: 0o600,
      maxRequests: 10_000,
      maxConnections: 20_000,
      drainTimeout: 10_000,
    },
    policy: { name: 'policy', access: 'read-write', allow: [], deny: ACCESS_KEY_RULES },
    clients: [],
    defaultTenant: 'default',
    errors: 'problem',
    assumeJson: true,
    session: { waitTimeout: 15_000, callTimeout: 10_000, idleAfter: 1_800_000 },
    upstream: {
      caFile: null,
      authorities: null,
      proxy: null,
      outbound: null,
      connectTimeout: 10_000,
      headersTimeout: 120_000,
      bodyTimeout: 120_000,
      http2: 'auto',
    },
    connect: { enabled: false, others: 'refuse' },
    replay: { maxBody: 1_048_576, maxMemory: 67_108_864 },
    pacing: { enabled: true, maxWait: 30_000, maxQueue: 1000 },
    fleet: {
      redisUrl: null,
      redisUsername: null,
      redisPassword: null,
      redisPasswordFile: null,
      redisCaFile: null,
      redisCertFile: null,
      redisKeyFile: null,
      name: 'default',
      redis: null,
    },
    retry: { attempts: 3 },
    cache: { rules: [], maxSize: 64 * 1024 * 1024 },
    admin: { address: null, quit: false },
    audit: { file: null, required: false },
    inspect: { enabled: true, requests: 500, bodies: 'errors', maxBody: 65_536 },
    otel: { enabled: false },
    traces: null,
    log: { level: 'info', format: 'auto', requests: 'errors' },
    warnings: [],
  })
  t.match(
    [...tenants],
    [['default', { name: 'default', api: { stack: 'app2' }, prismaId: null, customerName: null, lazy: false }]],
  )
})

t.test('flags override the environment, which overrides the file, which overrides the defaults', async t => {
  const file = yaml(
    t,
    'log: {level: debug, format: json, requests: all}\ntenants: {default: {url: app3, prismaId: 1, customerName: a}}',
  )
  const env = {
    ...VENDOR,
    PRISMACLOUD_PROXY_CONFIG: file,
    PRISMACLOUD_PROXY_LOG_LEVEL: 'warn',
    PRISMACLOUD_PROXY_LOG_FORMAT: 'pretty',
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_URL: 'app4',
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_PRISMA_ID: '2',
  }
  const config = await load({ args: ['--log-level', 'error', '--url', 'app.eu'], env })
  t.strictSame(config.log, { level: 'error', format: 'pretty', requests: 'all' })
  t.match(config.tenants.get('default'), { api: { stack: 'app.eu' }, prismaId: '2', customerName: 'a' })
  t.match(await faultsOf({ args: ['--config', `${file}.no`], env }), [
    { key: 'config', origin: '--config', problem: /does not exist/ },
  ])
})

t.test('all faults are reported at once, one a line', async t => {
  const file = yaml(t, 'lisen: {}\nlog: {level: loud}\ntenants: {a: {url: ap3}}')
  const env = { PRISMACLOUD_PROXY_ERORS: 'x', PRISMACLOUD_PROXY_PACING_MAX_WAIT: '5', PRISMACLOUD_PROXY_CONFIG: file }
  const args = ['--retry-attempts', '-1', '--replay-max-body', '1', '--default-tenant', 'b']
  const sources = { args, env: { ...env, PRISMACLOUD_PROXY_TENANTS_B_SECRET_KEY: 'x' } }
  const faults = await faultsOf(sources)
  t.strictSame(
    faults.map(({ key, origin }) => [key, origin]),
    [
      ['PRISMACLOUD_PROXY_ERORS', 'PRISMACLOUD_PROXY_ERORS'],
      ['lisen', `${file}:1`],
      ['replay.maxBody', '--replay-max-body'],
      ['pacing.maxWait', 'PRISMACLOUD_PROXY_PACING_MAX_WAIT'],
      ['retry.attempts', '--retry-attempts'],
      ['log.level', `${file}:2`],
      // the keys that the default tenant lacks may be those that are mistyped
      ['tenants.a.url', `${file}:3`],
      ['tenants.a.accessKeyId', 'tenants.a.accessKeyId'],
      ['tenants.a.secretKey', 'tenants.a.secretKey'],
    ],
  )
  await t.rejects(load(sources), { name: 'ConfigError', message: /^invalid configuration \(9 problems\):(\n- .+){9}$/ })
  await t.rejects(load({ args: ['--log-level=x'] }), {
    message:
      /^invalid configuration \(1 problem\):\n- log\.level \(--log-level\): invalid value "x"; expected one of: trace, .+$/,
  })
})

t.test('an address that other machines can reach needs a client token', async t => {
  const dir = t.testdir({ token: '0123456789abcdef\n', short: 'hunter22', empty: '' })
  for (const address of ['127.0.0.2:1', 'localhost:1', '[::1]:1', 'unix:/run/p.sock'])
    await load({ args: ['--listen-address', address] })
  for (const address of ['0.0.0.0:1', '[::]:1', '10.0.0.1:1', 'proxy.example:1'])
    t.match(await faultsOf({ args: ['--listen-address', address] }), [
      {
        key: 'listen.address',
        origin: '--listen-address',
        problem: /is reachable from other machines/,
        cure: /clientTokenFile/,
      },
    ])
  const args = ['--listen-address=0.0.0.0:1', '--listen-client-token-file', join(dir, 'token')]
  const [client] = (await load({ args })).clients
  t.match(client, { name: 'default', policy: null })
  t.ok(client?.token.matches('0123456789abcdef'))
  const exposed = await load({ args: ['--listen-address=0.0.0.0:1', '--listen-exposed'] })
  t.match(exposed.warnings, [/^anyone who can reach 0\.0\.0\.0:1 can use your access keys/])
  t.strictSame((await load({ args: ['--listen-exposed'] })).warnings, [])
  for (const [name, problem] of [
    ['short', /fewer than 16 characters/],
    ['empty', /is empty/],
    ['no', /does not exist/],
  ] as const) {
    const faults = await faultsOf({
      args: ['--listen-address=0.0.0.0:1', '--listen-client-token-file', join(dir, name)],
    })
    t.match(faults, [{ key: 'listen.clientTokenFile', origin: '--listen-client-token-file', problem }])
    t.equal(faults.length, 1)
  }
})

t.test('a CA file must contain certificates, all of them valid', async t => {
  const [cert = '', other = ''] = (await Promise.all([makeCa(), makeCa()])).map(ca => `${ca.cert}\n`)
  const dir = t.testdir({
    'ca.pem': `a comment\n${cert}${other}`,
    'one.pem': cert,
    'two.pem': other,
    'key.pem': '-----BEGIN PRIVATE KEY-----\n',
    'cut.pem': `${cert}${other.slice(0, -40)}`,
    // as `cat` does with a file without a final newline
    'joined.pem': cert.trim() + other,
    'middle.pem': `${cert}${cert.replace('\nMI', '\nAA')}${other}`,
  })
  const { upstream } = await load({ args: ['--upstream-ca-file', join(dir, 'ca.pem')] })
  t.match(upstream, { caFile: join(dir, 'ca.pem'), authorities: `a comment\n${cert}${other}` })
  const beside = async (NODE_EXTRA_CA_CERTS: string) =>
    (await load({ args: ['--upstream-ca-file', join(dir, 'one.pem')], env: { ...VENDOR, NODE_EXTRA_CA_CERTS } }))
      .upstream
  t.equal((await beside(join(dir, 'two.pem'))).authorities, `${cert}\n${other}`)
  t.equal((await beside(join(dir, 'no.pem'))).authorities, `${cert}\n`)
  for (const [name, problem] of [
    ['key.pem', /contains no certificate/],
    ['no.pem', /does not exist/],
    ['cut.pem', /contains an invalid certificate \(number 2 of 2\)/],
    ['joined.pem', /contains an invalid certificate \(number 1 of 2\)/],
    ['middle.pem', /contains an invalid certificate \(number 2 of 3\)/],
  ] as const)
    t.match(await faultsOf({ args: ['--upstream-ca-file', join(dir, name)] }), [{ key: 'upstream.caFile', problem }])
})

t.test('upstream.proxy overrides the outbound proxy of the environment', async t => {
  const outbound = async (env: Record<string, string>, ...args: string[]) =>
    (await load({ args, env: { ...VENDOR, ...env } })).upstream.outbound
  const [HTTPS_PROXY, NO_PROXY] = ['http://proxy:3128', 'localhost']
  const fromEnvironment = { url: HTTPS_PROXY, origin: 'HTTPS_PROXY', noProxy: '' }
  t.equal(await outbound({ NO_PROXY }), null)
  t.same(await outbound({ HTTPS_PROXY }), fromEnvironment)
  t.same(await outbound({ HTTPS_PROXY, NO_PROXY }), { ...fromEnvironment, noProxy: NO_PROXY })
  t.same(await outbound({ HTTPS_PROXY, NO_PROXY, no_proxy: '*' }), { ...fromEnvironment, noProxy: '*' })
  t.same(await outbound({ HTTPS_PROXY, https_proxy: 'https://low' }), {
    url: 'https://low',
    origin: 'https_proxy',
    noProxy: '',
  })
  t.equal(await outbound({ HTTPS_PROXY, https_proxy: '' }), null)
  t.same(await outbound({ HTTPS_PROXY, NO_PROXY }, '--upstream-proxy', 'socks5://own:1080'), {
    url: 'socks5://own:1080',
    origin: 'upstream.proxy',
    noProxy: NO_PROXY,
  })
})

t.test('an outbound proxy in the environment must be valid, unless upstream.proxy is set', async t => {
  for (const HTTPS_PROXY of ['', 'http://proxy:3128', 'proxy:3128', 'socks5h://proxy:1080'])
    await t.resolves(load({ env: { ...VENDOR, HTTPS_PROXY } }))
  const fault = { key: 'upstream.proxy', problem: /^invalid proxy URL/ }
  t.match(await faultsOf({ env: { ...VENDOR, HTTPS_PROXY: 'proxy:x' } }), [{ ...fault, origin: 'HTTPS_PROXY' }])
  t.match(await faultsOf({ env: { ...VENDOR, https_proxy: 'proxy:x' } }), [{ ...fault, origin: 'https_proxy' }])
  await t.resolves(load({ args: ['--upstream-proxy', 'http://own'], env: { ...VENDOR, HTTPS_PROXY: 'proxy:x' } }))
})

t.test('a configuration cannot be changed', async t => {
  const config = await load()
  for (const value of [
    config,
    config.listen,
    config.listen.trustedHosts,
    config.tenants,
    config.tenants.get('default'),
  ])
    t.ok(Object.isFrozen(value))
  const tenants = config.tenants
  if (!(tenants instanceof Map)) throw new Error('not a map')
  t.throws(() => tenants.set('a', 1), TypeError)
  t.throws(() => tenants.delete('default'), TypeError)
  t.throws(() => tenants.clear(), TypeError)
  t.equal(tenants.size, 1)
})

t.test('an unexpected error does not become a fault', async t => {
  const setting = { group: null, key: 'errors', value: 'x', source: 'default', origin: 'default' } as const
  await t.rejects(
    attempt(setting, [], () => Promise.reject(new RangeError('x'))),
    RangeError,
  )
})

t.test('there is a warning about variables that only Node.js follows', async t => {
  const { warnings } = await load({ env: { ...VENDOR, NODE_TLS_REJECT_UNAUTHORIZED: '0' } })
  t.match(warnings, [/^NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored/])
  t.strictSame((await load({ env: { ...VENDOR, NODE_TLS_REJECT_UNAUTHORIZED: '1' } })).warnings, [])
})

t.test('a mistyped key is not reported as missing, too', async t => {
  const halves = ['--acess-key-id-file', 'id', '--secret-key-file', import.meta.filename]
  for (const [args, message] of [
    [['--lisen-address', '127.0.0.1:0'], 'unknown flag --lisen-address; did you mean --listen-address?'],
    [[...halves, '--url', 'app2'], 'unknown flag --acess-key-id-file; did you mean --access-key-id-file?'],
  ] as const)
    await t.rejects(load({ args, env: {} }), new UsageError(message))
  t.strictSame(keysOf(await faultsOf({ env: { PRISMACLOUD_PROXY_CONFG: 'c.yaml' } })), ['PRISMACLOUD_PROXY_CONFG'])
  for (const [text, keys] of [
    ['tenats: {a: {}}', ['tenats']],
    ['tenants: {a: {url: app2, acessKeyId: x, secretKey: y}}', ['tenants.a.acessKeyId']],
    ['tenants: {a: {url: app2, accessKeyId: x, secretKey: y}}\nclients: {a: {tokenFil: x}}', ['clients.a.tokenFil']],
    [
      'tenants: {a: {ur: app2, accessKeyId: x, secretKey: y}, default: {url: app2, secretKey: y}}',
      ['tenants.a.ur', 'tenants.default.accessKeyId'],
    ],
  ] as const)
    t.strictSame(keysOf(await faultsOf({ args: ['--config', yaml(t, text)], env: {} })), keys)
})

function keysOf(faults: readonly Fault[]): string[] {
  return faults.map(({ key }) => key)
}

t.test('audit.required needs audit.file', async t => {
  const env = { ...VENDOR, PRISMACLOUD_PROXY_AUDIT_REQUIRED: 'true' }
  t.match(await faultsOf({ env }), [
    {
      key: 'audit.required',
      origin: 'PRISMACLOUD_PROXY_AUDIT_REQUIRED',
      problem: /requires a file to record requests in/,
      cure: 'set audit.file, too',
    },
  ])
  const { audit } = await load({ env: { ...env, PRISMACLOUD_PROXY_AUDIT_FILE: '/a' } })
  t.strictSame(audit, { file: '/a', required: true })
})
