import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { quote } from '../../src/config/fault.ts'
import { faultsOf, load, yaml } from './support.ts'

t.test('every kind of value is read from a string and from a file', async t => {
  const file = yaml(
    t,
    'listen: {trustedHosts: [A.example, "[::1]"], address: "[::1]:0"}\nassumeJson: "false"\nreplay: {maxBody: 0B}\npacing: {maxQueue: 7}\ncache: {rules: [/a 1m]}\nupstream: {proxy: "http://u:p@proxy:3128"}\ntenants: {a: {lazy: true, url: "http://localhost:1/x/", credentialCommand: [op, read]}}',
  )
  const config = await load({ args: ['--config', file], env: {} })
  t.match(config, {
    listen: { trustedHosts: ['a.example', '[::1]'], address: '[::1]:0' },
    assumeJson: false,
    replay: { maxBody: 0 },
    pacing: { maxQueue: 7 },
    cache: { rules: [{ keepFor: 60_000 }] },
    upstream: { proxy: 'http://u:p@proxy:3128' },
    defaultTenant: 'a',
  })
  t.match(config.tenants.get('a'), {
    lazy: true,
    api: { origin: 'http://localhost:1', basePath: '/x' },
    credentials: { origin: 'command op' },
  })
  const env = {
    PRISMACLOUD_PROXY_LISTEN_TRUSTED_HOSTS: 'a, b',
    PRISMACLOUD_PROXY_CACHE_RULES: '/v2/policy/** 60s; /cloud 500ms',
    PRISMACLOUD_PROXY_TENANTS_A_URL: 'app',
    PRISMACLOUD_PROXY_TENANTS_A_CREDENTIAL_COMMAND: '["pass", "x"]',
  }
  const other = await load({ env })
  t.strictSame(other.listen.trustedHosts, ['a', 'b'])
  t.strictSame(other.cache.rules, [
    { path: /^\/v2\/policy(\/[^/]*)*\/?$/is, keepFor: 60_000 },
    { path: /^\/cloud\/?$/is, keepFor: 500 },
  ])
  t.equal(other.tenants.get('a')?.credentials.origin, 'command pass')
})

t.test('the configuration that the README shows is valid', async t => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
  const [, shown = ''] = /`(cache: \{.*?\})`/.exec(readme) ?? []
  const { cache } = await load({ args: ['--config', yaml(t, shown)] })
  t.match(cache.rules, [{ keepFor: 60_000 }])
})

const values = [
  { flag: '--log-level', key: 'log.level', value: 'loud', says: 'invalid value "loud"' },
  { flag: '--assume-json', key: 'assumeJson', value: 'yes', says: 'invalid value "yes"' },
  { flag: '--pacing-max-queue', key: 'pacing.maxQueue', value: '-1', says: 'invalid number "-1"' },
  { flag: '--pacing-max-wait', key: 'pacing.maxWait', value: '5', says: 'invalid duration "5"' },
  { flag: '--replay-max-body', key: 'replay.maxBody', value: '5', says: 'invalid size "5"' },
  { flag: '--listen-address', key: 'listen.address', value: '9080', says: 'invalid address "9080"' },
  {
    flag: '--listen-trusted-hosts',
    key: 'listen.trustedHosts[1]',
    value: 'a,http://b',
    says: 'invalid host name "http://b"',
  },
  { flag: '--listen-socket-mode', key: 'listen.socketMode', value: '888', says: 'invalid mode "888"' },
  { flag: '--default-tenant', key: 'defaultTenant', value: 'A', says: 'invalid tenant name "A"' },
  {
    flag: '--upstream-proxy',
    key: 'upstream.proxy',
    value: 'proxy:x',
    says: /^invalid proxy URL$/,
  },
  {
    flag: '--upstream-proxy',
    key: 'upstream.proxy',
    value: 'http://u:hunter22@',
    says: /^invalid proxy URL$/,
  },
  {
    flag: '--upstream-proxy',
    key: 'upstream.proxy',
    value: 'socks5:///proxy',
    says: 'invalid proxy URL "socks5:///proxy"',
  },
  {
    flag: '--upstream-proxy',
    key: 'upstream.proxy',
    value: 'http://u:hunter22%@proxy',
    says: 'the value has an invalid % escape in its user or password',
  },
  {
    flag: '--upstream-proxy',
    key: 'upstream.proxy',
    value: `socks5://u:${'hunter22'.repeat(32)}@proxy`,
    says: 'the value has a user or password that is too long for SOCKS',
  },
  {
    flag: '--url',
    key: 'tenants.default.url',
    value: 'https://u:hunter22@app2',
    says: 'the value contains a user or password',
  },
  {
    flag: '--url',
    key: 'tenants.default.url',
    value: 'http://app2.prismacloud.io',
    says: '"http://app2.prismacloud.io" is http',
  },
  { flag: '--customer-name', key: 'tenants.default.customerName', value: '', says: 'the value is empty' },
  { flag: '--url', key: 'tenants.default.url', value: '', says: 'the value is empty' },
]

t.test('an invalid value is one fault, with its key, origin and cure', async t => {
  for (const { flag, key, value, says } of values) {
    const faults = await faultsOf({ args: [`${flag}=${value}`] })
    t.match(faults, [{ key, origin: flag, problem: says, cure: /\w/ }], `${flag} ${value}`)
    t.equal(faults.length, 1)
    t.notMatch(JSON.stringify(faults), 'hunter22')
  }
})

const shapes = [
  { text: 'log: {level: [info]}', key: 'log.level', problem: 'invalid value', cure: /single value/ },
  {
    text: 'listen: {trustedHosts: {a: b}}',
    key: 'listen.trustedHosts',
    problem: 'invalid value',
    cure: /list of strings, e\.g\. \["proxy\.example"\]$/,
  },
  {
    text: 'listen: {trustedHosts: [a, [a]]}',
    key: 'listen.trustedHosts[1]',
    problem: 'invalid value',
    cure: /a string/,
  },
  {
    text: 'tenants: {default: {url: [app2]}}',
    key: 'tenants.default.url',
    problem: 'invalid value',
    cure: /single value/,
  },
]

t.test('a value of the wrong type in a file is one fault, with its line', async t => {
  for (const { text, key, problem, cure } of shapes) {
    const file = yaml(t, `\n${text}`)
    const faults = await faultsOf({ args: ['--config', file] })
    t.match(faults, [{ key, origin: `${file}:2`, problem, cure }])
    t.equal(faults.length, 1)
  }
})

const commands = [
  { value: 'op read', problem: 'invalid value' },
  { value: '"op"', problem: 'invalid value' },
  { value: '[]', problem: 'the command is empty' },
  { value: '[""]', problem: 'the command is empty' },
]

const LIST = /^(remove the quotes; )?expected .*, e\.g\. \["op", "read", "op:\/\/…"\]$/

t.test('a command is a list', async t => {
  for (const { value, problem } of commands) {
    const name = 'PRISMACLOUD_PROXY_TENANTS_A_CREDENTIAL_COMMAND'
    const faults = await faultsOf({ env: { [name]: value, PRISMACLOUD_PROXY_TENANTS_A_URL: 'app2' } })
    t.match(faults, [{ key: 'tenants.a.credentialCommand', origin: name, problem, cure: LIST }])
    t.equal(faults.length, 1)
  }
})

t.test('a value is quoted unless it is long or may contain something private', async t => {
  t.equal(quote('a"b'), '"a\\"b"')
  t.equal(quote('x'.repeat(4096)), `"${'x'.repeat(4096)}"`, 'a long path is named')
  for (const value of ['u:p@host', 'host?q', 'host#f', 'x'.repeat(4097)]) t.equal(quote(value), null)
})
