import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { main } from '../../src/cli.ts'
import type { EffectiveSetting } from '../../src/config/effective.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { type FakeHostOptions, fakeHost } from '../support/host.ts'

const TOKEN = 'marked-token-of-a-client'

/** What must never be printed, in whatever coding. */
const SECRETS = [
  'marked-access-key-id',
  'marked-secret-key-1',
  'marked-secret-key-2',
  'marked:password/of+the proxy',
  'marked-redis-password',
  'marked-argument',
  TOKEN,
].map(text => new Secret(text))

/** Runs `config print`, and gives what came of it. No secret is printed. */
async function print(t: Test, args: readonly string[], options: FakeHostOptions = {}) {
  const host = fakeHost({ ...options, args: ['config', 'print', ...args] })
  const code = await main(host)
  const text = host.stdout.text + host.stderr.text
  for (const secret of SECRETS) t.notOk(secret.finder()(text), text)
  t.notMatch(text, 'marked')
  return { code, stdout: host.stdout.text, stderr: host.stderr.text }
}

/** A file with that text, in the test's own folder. */
function written(t: Test, text: string): string {
  const file = join(t.testdir({ token: TOKEN }), 'config.yaml')
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

const FILE = `tenants:
  prod:
    url: app2
    accessKeyId: marked-access-key-id
    secretKey: marked-secret-key-1
    customerName: "a: customer"
    deny: ["DELETE /**", POST /x ]
  other:
    url: https://app.eu.prismacloud.io
    credentialCommand: [op, marked-argument, --plain]
    lazy: true
clients:
  ci: {tokenFile: TOKEN_FILE}
defaultTenant: prod
listen:
  socketMode: "660"
  maxRequests: 7
  trustedHosts: [Proxy.example]
upstream:
  proxy: "http://user:marked:password/of+the proxy@proxy:3128"
fleet:
  redisUrl: redis://redis
`

/** The file, at a path of the test's own. */
function givenFile(t: Test): string {
  return written(t, FILE.replace('TOKEN_FILE', join(t.testdirName, 'token')))
}

const FLEET = { PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD: 'marked-redis-password' }

t.test('what was set comes first, with its origin, and then the defaults', async t => {
  const file = givenFile(t)
  const env = { ...FLEET, PRISMACLOUD_PROXY_CACHE_RULES: '/v2/policy/** 60s; /x 1m' }
  const printed = await print(t, ['--config', file, '--log-level', 'debug', '--connect-enabled'], { env })
  t.match(printed, {
    code: 0,
    stderr: /^warning: [^\n]*token contains a secret and can be read by other users[^\n]*\n$/,
  })
  const [set = '', defaults = ''] = printed.stdout.split('\n\n# defaults\n')
  const lines = set.split('\n').map(line => line.replace(/ +# /g, '  # '))
  t.strictSame(lines, [
    `# config: ${file}  # flag --config`,
    'tenants:',
    '  prod:',
    `    url: app2  # file ${file}:3`,
    `  # accessKeyId: "[secret]"  # file ${file}:4`,
    `  # secretKey: "[secret]"  # file ${file}:5`,
    `    customerName: "a: customer"  # file ${file}:6`,
    `    deny: ["DELETE /**", "POST /x"]  # file ${file}:7`,
    '  other:',
    `    url: https://app.eu.prismacloud.io  # file ${file}:9`,
    `  # credentialCommand: ["op", "[secret]", "[secret]"]  # file ${file}:10`,
    `    lazy: true  # file ${file}:11`,
    'clients:',
    '  ci:',
    `    tokenFile: ${t.testdirName}/token  # file ${file}:13`,
    'listen:',
    `  trustedHosts: ["Proxy.example"]  # file ${file}:18`,
    `  socketMode: "660"  # file ${file}:16`,
    `  maxRequests: 7  # file ${file}:17`,
    'connect:',
    '  enabled: true  # flag --connect-enabled',
    `defaultTenant: prod  # file ${file}:14`,
    'upstream:',
    `  # proxy: "http://[secret]@proxy:3128"  # file ${file}:20`,
    'fleet:',
    `  redisUrl: redis://redis  # file ${file}:22`,
    '  # redisPassword: "[secret]"  # environment PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD',
    'cache:',
    '  rules: ["/v2/policy/** 60s", "/x 1m"]  # environment PRISMACLOUD_PROXY_CACHE_RULES',
    'log:',
    '  level: debug  # flag --log-level',
  ])
  t.match(defaults, /^# tenants\.prod\.computeUrl: null\n/)
  t.match(defaults, '\n# listen.address: 127.0.0.1:9080\n')
  t.match(defaults, '\n# upstream.connectTimeout: 10s\n')
  t.match(defaults, '\n# policy.deny: []\n')
  t.notMatch(defaults, 'log.level')
})

t.test('the origins are aligned, except those of very long values', async t => {
  const long = `/x/${'y'.repeat(80)}`
  const { stdout } = await print(t, ['--listen-address', '127.0.0.1:9', '--audit-file', long, '--log-level', 'debug'])
  const lines = stdout.split('\n').filter(line => line.includes('# flag'))
  t.strictSame(
    lines.map(line => line.indexOf('#')),
    [24, 93, 24],
  )
})

t.test('pasted into a file, it means the same, without the secrets', async t => {
  const file = givenFile(t)
  const { stdout } = await print(t, ['--config', file], { env: FLEET })
  const [masked = '', ...rest] = stdout.split('\n').filter(line => line.includes('[secret]'))
  t.match(masked, /^ +# accessKeyId: "\[secret\]"/)
  t.equal(rest.length, 4)
  const restored = stdout
    .replace(/# accessKeyId: .*/, 'accessKeyId: marked-access-key-id')
    .replace(/# secretKey: .*/, 'secretKey: marked-secret-key-1')
    .replace(/# credentialCommand: .*/, 'credentialCommand: [op, marked-argument, --plain]')
    .replace(/# proxy: .*/, 'proxy: "http://user:marked:password/of+the proxy@proxy:3128"')
    .replace(/# redisPassword: .*/, 'redisPassword: marked-redis-password')
  const [given, pasted] = await Promise.all(
    [readable(file, FLEET), readable(writtenAs(file, restored), {})].map(config => config),
  )
  t.strictSame(pasted, given)
})

/** Writes a text beside a file, and gives its path. */
function writtenAs(file: string, text: string): string {
  writeFileSync(`${file}.pasted`, text, { mode: 0o600 })
  return `${file}.pasted`
}

/** A configuration, as far as it can be compared. */
async function readable(file: string, env: Readonly<Record<string, string>>) {
  const config = await loadConfig({ args: ['--config', file], env, homeDirectory: '/nonexistent' })
  // the origin of an access key names the file
  const tenants = [...config.tenants.values()].map(({ credentials, ...tenant }) => [tenant, credentials.kind])
  return JSON.parse(JSON.stringify({ ...config, tenants }))
}

t.test('as JSON, each key has its value, origin and source', async t => {
  const file = givenFile(t)
  const { code, stdout } = await print(t, ['--json', '--config', file], { env: FLEET })
  t.equal(code, 0)
  const rows: Pick<EffectiveSetting, 'key' | 'value' | 'origin' | 'source'>[] = JSON.parse(stdout)
  const byKey = new Map(rows.map(row => [row.key, row]))
  t.equal(byKey.size, rows.length)
  const expected = [
    { key: 'config', value: file, origin: '--config', source: 'flag' },
    { key: 'tenants.prod.secretKey', value: '[secret]', origin: `${file}:5`, source: 'file' },
    { key: 'tenants.prod.deny', value: ['DELETE /**', 'POST /x'], origin: `${file}:7`, source: 'file' },
    { key: 'tenants.prod.lazy', value: false, origin: 'default', source: 'default' },
    { key: 'tenants.other.lazy', value: true, origin: `${file}:11`, source: 'file' },
    { key: 'listen.maxRequests', value: 7, origin: `${file}:17`, source: 'file' },
    { key: 'listen.address', value: '127.0.0.1:9080', origin: 'default', source: 'default' },
    { key: 'upstream.caFile', value: null, origin: 'default', source: 'default' },
    {
      key: 'fleet.redisPassword',
      value: '[secret]',
      origin: 'PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD',
      source: 'environment',
    },
  ]
  for (const row of expected) t.strictSame(byKey.get(row.key), row)
})

/** The rows of `--json` that were set, by key. */
async function rowsOf(t: Test, args: readonly string[], options: FakeHostOptions = {}) {
  const { code, stdout, stderr } = await print(t, ['--json', ...args], options)
  const rows: EffectiveSetting[] = JSON.parse(stdout)
  const set = rows.filter(({ source }) => source !== 'default')
  return { code, stderr, rows: set.map(({ key, value, origin }) => [key, value, origin]) }
}

t.test('the vendor’s variables and file, and those of the outbound proxy, are origins', async t => {
  const KEY = { PC_IDENTITY: 'marked-access-key-id', PC_SECRET: 'marked-secret-key-1' }
  const env = { ...KEY, PRISMACLOUD_URL: 'app2', HTTPS_PROXY: 'proxy:3128', ALL_PROXY: 'other:1' }
  t.strictSame((await rowsOf(t, [], { env })).rows, [
    ['tenants.default.url', 'app2', 'PRISMACLOUD_URL'],
    ['tenants.default.accessKeyId', '[secret]', 'PC_IDENTITY'],
    ['tenants.default.secretKey', '[secret]', 'PC_SECRET'],
    ['upstream.proxy', 'http://proxy:3128', 'HTTPS_PROXY'],
  ])
  const credentials = { url: 'app.eu', identity: 'marked-access-key-id', secret: 'marked-secret-key-1' }
  const homeDirectory = t.testdir({ '.prismacloud': { 'credentials.json': JSON.stringify(credentials) } })
  const path = join(homeDirectory, '.prismacloud', 'credentials.json')
  t.strictSame((await rowsOf(t, [], { homeDirectory })).rows, [
    ['tenants.default.url', 'app.eu', path],
    ['tenants.default.credentialsFile', path, path],
  ])
})

t.test('a flag overrides the proxy of the environment, and an only tenant is the default', async t => {
  const env = {
    PRISMACLOUD_PROXY_TENANTS_EU_URL: 'app.eu',
    PRISMACLOUD_PROXY_TENANTS_EU_CREDENTIAL_COMMAND: '["op", "marked-argument"]',
    HTTPS_PROXY: 'http://marked:marked-argument@proxy',
  }
  const args = ['--upstream-proxy', 'socks5://other:1']
  const { rows } = await rowsOf(t, args, { env })
  t.strictSame(rows, [
    ['tenants.eu.url', 'app.eu', 'PRISMACLOUD_PROXY_TENANTS_EU_URL'],
    ['tenants.eu.credentialCommand', ['op', '[secret]'], 'PRISMACLOUD_PROXY_TENANTS_EU_CREDENTIAL_COMMAND'],
    ['upstream.proxy', 'socks5://other:1', '--upstream-proxy'],
  ])
  t.match((await print(t, args, { env })).stdout, '\n# defaultTenant: eu\n')
})

t.test('no command is run', async t => {
  const folder = t.testdir({})
  const env = {
    PRISMACLOUD_PROXY_TENANTS_A_URL: 'app2',
    PRISMACLOUD_PROXY_TENANTS_A_CREDENTIAL_COMMAND: JSON.stringify(['touch', join(folder, 'ran')]),
  }
  t.equal((await print(t, [], { env })).code, 0)
  t.notOk(existsSync(join(folder, 'ran')))
})

t.test('with faults it prints what it can, and then lists them', async t => {
  const file = written(
    t,
    `tenants:
  a: {url: "https://marked:marked-secret-key-1@app2", secretKey: {marked: marked-secret-key-2}, lazy: perhaps}
listen: {adress: marked-argument, trustedHosts: ["a b"], address: "9080"}
upstream: {proxy: "marked:password/of+the proxy@proxy"}
fleet: {redisUrl: "redis://marked:marked-redis-password@redis"}
`,
  )
  const { code, stdout, stderr } = await print(t, ['--config', file, '--log-format', 'loud', '--log-level', 'debug'])
  t.equal(code, 2)
  const lines = stdout.split('\n').map(line => line.replace(/ +# (?:file|flag) .*/, ''))
  t.strictSame(lines.slice(0, lines.indexOf('# defaults')), [
    `# config: ${file}`,
    'tenants:',
    '  a:',
    '    # url: "[secret]"',
    '    # secretKey: invalid value',
    '    # lazy: invalid value',
    'listen:',
    '  # address: invalid value',
    '  # trustedHosts: invalid value',
    'upstream:',
    '  # proxy: invalid value',
    'fleet:',
    '  # redisUrl: invalid value',
    'log:',
    '  level: debug',
    '  # format: invalid value',
    '',
  ])
  t.match(stderr, /^invalid configuration \(\d+ problems\):\n- listen\.adress .*; did you mean address\?\n/)
  for (const key of ['listen.address', 'upstream.proxy', 'fleet.redisUrl', 'log.format']) t.match(stderr, `- ${key} (`)
  const { rows } = await rowsOf(t, ['--config', file])
  t.strictSame(rows[1], ['tenants.a.url', '[secret]', `${file}:2`])
  t.strictSame(rows[2], ['tenants.a.secretKey', null, `${file}:2`])
})

t.test('a file that cannot be read leaves the other sources', async t => {
  const file = join(t.testdir({}), 'none')
  const { code, stdout, stderr } = await print(t, ['--config', file, '--log-level', 'debug'])
  t.equal(code, 2)
  t.match(stdout.replace(/ +# flag/g, ''), `# config: ${file} --config\nlog:\n  level: debug`)
  t.match(stderr, `invalid configuration (1 problem):\n- config (--config): "${file}" does not exist; `)
  t.match((await print(t, [])).stdout, /^# defaults\n/)
})

t.test('a secret that slipped into another key is masked there, in any coding', async t => {
  const env = {
    PC_URL: 'app2',
    PC_IDENTITY: 'marked-access-key-id',
    PC_SECRET: 'marked-secret-key-1',
    PRISMACLOUD_PROXY_CLIENTS_A_TOKEN_FILE: '/x/marked-secret-key-1',
  }
  const coded = Buffer.from(env.PC_SECRET).toString('base64')
  const { stdout } = await print(t, ['--customer-name', coded, '--listen-trusted-hosts', `a,${env.PC_SECRET}`], {
    env: { ...env, PRISMACLOUD_PROXY_CLIENTS_A_TOKEN_FILE: undefined },
  })
  t.match(stdout, /\n {4}# customerName: "\[secret\]Q==" /)
  t.match(stdout, /\n {2}# trustedHosts: \["a", "\[secret\]"\] /)
})

t.test('a secret is masked however short it is', async t => {
  const env = { PC_URL: 'app2', PC_IDENTITY: 'qzx', PC_SECRET: 'wvk', PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD: 'jyq' }
  const { stdout, stderr } = await print(t, ['--json'], { env })
  t.notMatch(stdout + stderr, /qzx|wvk|jyq/)
  t.equal(stdout.split('"[secret]"').length, 4)
})

t.test('no character reaches the terminal that it could act on, and colours only if it takes them', async t => {
  const args = ['--customer-name', 'a\u001b[31mb\u009b\u202e', '--audit-file', '/x\n/y', '--prisma-id', 'null']
  const { stdout } = await print(t, args, { isTTY: true, env: { NO_COLOR: '1' } })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  t.notMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  t.match(stdout, 'customerName: "a\\u001b[31mb\\u009b\\u202e"')
  t.match(stdout, 'file: "/x\\n/y"')
  t.match(stdout, 'prismaId: "null"')
  t.match((await print(t, args, { isTTY: true })).stdout, '\u001b[2m# listen.tls: off\u001b[22m')
})

t.test('other arguments are refused', async t => {
  for (const [args, message] of [
    [[], 'expected config print or config init'],
    [['prnt'], 'unknown command "prnt"; did you mean "print"?'],
    [['print', '--jsn'], 'unknown flag --jsn; did you mean --json?'],
    [['print', '--secret-key', 'x'], '--secret-key is not allowed as a flag'],
    [['print', '--log-level=info', '--log-level=info'], '--log-level is given twice'],
  ] as const) {
    const host = fakeHost({ args: ['config', ...args] })
    t.equal(await main(host), 2)
    t.match(host.stderr.text, message)
  }
})
