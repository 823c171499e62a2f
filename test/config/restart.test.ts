import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Config } from '../../src/config/config.ts'
import { faultsOfChange } from '../../src/config/restart.ts'
import { settingKeys } from '../../src/config/schema/keys.ts'
import { issue, makeCa } from '../support/pki.ts'
import { load, VENDOR } from './support.ts'

/** For each key a value other than the default, by whether it can change while the proxy runs. */
const lasting = {
  'listen.address': '127.0.0.1:1',
  'listen.socketMode': '660',
  'listen.tls': 'auto',
  'listen.tlsAddress': '127.0.0.1:2',
  'listen.tlsCertFile': 'other-cert.pem',
  'listen.tlsKeyFile': 'other-key.pem',
  'connect.enabled': 'true',
  'admin.address': '127.0.0.1:3',
  'audit.file': 'audit.log',
  'audit.required': 'true',
  'fleet.redisUrl': 'rediss://redis',
  'fleet.redisUsername': 'proxy',
  'fleet.redisPassword': 'a-password',
  'fleet.redisPasswordFile': 'token',
  'fleet.redisCaFile': 'ca.pem',
  'fleet.redisCertFile': 'other-cert.pem',
  'fleet.redisKeyFile': 'other-key.pem',
  'fleet.name': 'other',
  'inspect.enabled': 'false',
  'inspect.requests': '7',
  'otel.enabled': 'true',
  'log.format': 'pretty',
}
const changeable = {
  'upstream.caFile': 'ca.pem',
  'upstream.proxy': 'http://proxy:3128',
  'upstream.connectTimeout': '1s',
  'upstream.headersTimeout': '1s',
  'upstream.bodyTimeout': '1s',
  'upstream.http2': 'off',
  'listen.trustedHosts': ['proxy.example'],
  'listen.clientTokenFile': 'token',
  'listen.exposed': 'true',
  'listen.maxRequests': '1',
  'listen.maxConnections': '1',
  'listen.drainTimeout': '1s',
  'connect.others': 'tunnel',
  'admin.quit': 'true',
  'policy.access': 'read-only',
  'policy.allow': ['/v2/**'],
  'policy.deny': ['/v2/**'],
  'policy.manageAccessKeys': 'true',
  defaultTenant: 'other',
  errors: 'passthrough',
  assumeJson: 'false',
  'session.waitTimeout': '1s',
  'session.callTimeout': '1s',
  'session.idleAfter': '1s',
  'replay.maxBody': '1KiB',
  'replay.maxMemory': '1MiB',
  'pacing.enabled': 'false',
  'pacing.maxWait': '1s',
  'pacing.maxQueue': '1',
  'retry.attempts': '1',
  'cache.rules': '/x 1s',
  'cache.maxSize': '1MiB',
  'inspect.bodies': 'all',
  'inspect.maxBody': '1KiB',
  'log.level': 'debug',
  'log.requests': 'all',
}

type Values = Readonly<Record<string, string | readonly string[]>>

const pair = { 'listen.tlsCertFile': 'cert.pem', 'listen.tlsKeyFile': 'key.pem' }

const redis = { 'fleet.redisUrl': 'rediss://redis:1' }
const redisPair = { ...redis, 'fleet.redisCertFile': 'cert.pem', 'fleet.redisKeyFile': 'key.pem' }

/** The keys that another key requires. */
const needed: Readonly<Record<string, Values>> = {
  'listen.tlsCertFile': pair,
  'listen.tlsKeyFile': pair,
  'audit.required': { 'audit.file': 'audit.log' },
  'fleet.redisUsername': { ...redis, 'fleet.redisPassword': 'a-password' },
  'fleet.redisPassword': redis,
  'fleet.redisPasswordFile': redis,
  'fleet.redisCaFile': redis,
  'fleet.redisCertFile': redisPair,
  'fleet.redisKeyFile': redisPair,
  'fleet.name': redis,
}

const ca = await makeCa()
const { cert, key: privateKey } = await issue(ca, { names: ['localhost'] })

/** Loads a configuration in which these keys are set. */
function loadWith(t: Test, values: Values): Promise<Config> {
  const tls = { 'cert.pem': cert, 'key.pem': privateKey, 'other-cert.pem': cert, 'other-key.pem': privateKey }
  const dir = t.testdir({ 'ca.pem': ca.cert, token: '0123456789abcdef', ...tls })
  const root: Record<string, unknown> = { tenants: { default: TENANT, other: TENANT } }
  for (const [key, value] of Object.entries(values)) {
    const [section = '', name] = key.split('.')
    const given = /[Ff]ile$/.test(key) ? join(dir, `${value}`) : value
    root[section] = name ? { ...(root[section] as object), [name]: given } : given
  }
  const file = join(dir, 'c.json')
  writeFileSync(file, JSON.stringify(root))
  return load({ args: ['--config', file], env: {} })
}

const TENANT = { url: VENDOR.PC_URL, accessKeyId: VENDOR.PC_IDENTITY, secretKey: VENDOR.PC_SECRET }

t.test('for every key it is known whether a change needs a restart', async t => {
  t.strictSame(Object.keys({ ...lasting, ...changeable }).sort(), [...settingKeys.keys()].sort())
})

t.test('a change of a key that needs a restart is a fault, in both directions', async t => {
  for (const [key, value] of Object.entries(lasting)) {
    const beside = needed[key] ?? {}
    const [before, after] = [await loadWith(t, beside), await loadWith(t, { ...beside, [key]: value })]
    const fault = { key, origin: key, problem: 'cannot change while the proxy runs' }
    const cure = 'restart the proxy, or restore the old value'
    t.strictSame(faultsOfChange(before, after), [{ ...fault, cure }])
    t.strictSame(faultsOfChange(after, before), [{ ...fault, cure }])
    t.strictSame(faultsOfChange(after, await loadWith(t, { ...beside, [key]: value })), [], `${key} stays`)
  }
})

t.test('every other key may change, and so may the tenants', async t => {
  const before = await loadWith(t, {})
  for (const [key, value] of Object.entries(changeable))
    t.strictSame(faultsOfChange(before, await loadWith(t, { [key]: value })), [], key)
  t.strictSame(faultsOfChange(before, { ...before, tenants: new Map() }), [])
})

t.test('all changes that need a restart are reported at once', async t => {
  const before = await loadWith(t, {})
  const listen = { ...before.listen, socketMode: 0o660, maxRequests: 1 }
  const faults = faultsOfChange(before, { ...before, listen, log: { ...before.log, format: 'json', level: 'debug' } })
  t.strictSame(
    faults.map(({ key }) => key),
    ['listen.socketMode', 'log.format'],
  )
})
