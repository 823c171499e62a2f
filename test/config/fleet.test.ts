import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { readFlags } from '../../src/config/sources/flags.ts'
import { issue, makeCa } from '../support/pki.ts'
import { faultsOf, load, VENDOR, yaml } from './support.ts'

/** Every secret in these tests; it must never be shown. */
const MARK = 'hunter22'

const PASSWORD = { ...VENDOR, PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD: MARK }

const ca = await makeCa()
const [one, other] = await Promise.all([issue(ca, { names: ['proxy'] }), issue(ca, { names: ['proxy'] })])

/** Flags of the fleet: those whose names end in `file` name one of the test's files. */
function flags(t: Test, given: Readonly<Record<string, string>>): string[] {
  const dir = t.testdir({ ca: ca.cert, cert: one.cert, key: one.key, otherKey: other.key, password: MARK, empty: '' })
  return Object.entries(given).flatMap(([flag, value]) => [
    `--fleet-${flag}`,
    flag.endsWith('file') ? join(dir, value) : value,
  ])
}

t.test('a connection gets the address, the login and the certificates', async t => {
  const names = { 'redis-ca-file': 'ca', 'redis-cert-file': 'cert', 'redis-key-file': 'key' }
  const args = flags(t, { 'redis-url': 'rediss://redis/1', 'redis-username': 'proxy', name: 'blue', ...names })
  const { fleet } = await load({ args, env: PASSWORD })
  t.match(fleet, {
    name: 'blue',
    redis: {
      url: { kind: 'single', tls: true, database: 1 },
      username: 'proxy',
      authorities: ca.cert,
      identity: { cert: one.cert },
    },
  })
  t.ok(fleet.redis?.identity?.key.matches(one.key.trim()))
  t.ok((await fleet.redis?.readPassword())?.matches(MARK))
  t.notMatch(inspect(fleet, { depth: 9, showHidden: true }), /hunter22|PRIVATE KEY/)
})

t.test('without TLS and login there is nothing to log in with', async t => {
  const { redis } = (await load({ args: flags(t, { 'redis-url': 'redis://redis' }) })).fleet
  t.match(redis, { username: null, authorities: null, identity: null })
  t.equal(await redis?.readPassword(), null)
})

t.test('the password is read from its file each time', async t => {
  const args = flags(t, { 'redis-url': 'redis://redis', 'redis-password-file': 'password' })
  const { redis } = (await load({ args })).fleet
  t.ok((await redis?.readPassword())?.matches(MARK))
  writeFileSync(`${args.at(-1)}`, 'another\n')
  t.ok((await redis?.readPassword())?.matches('another'))
})

t.test('keys of the fleet that exclude or require each other are faults', async t => {
  const url = { 'redis-url': 'redis://redis' }
  const tls = { 'redis-url': 'rediss://redis' }
  const rows: [given: Readonly<Record<string, string>>, key: string, problem: string, cure: string, env?: object][] = [
    [{ name: 'blue' }, 'name', 'has no effect without fleet.redisUrl', 'set fleet.redisUrl, too'],
    [{ 'redis-password-file': 'password' }, 'redisPasswordFile', 'has no effect without fleet.redisUrl', 'set'],
    [{ ...url, 'redis-username': 'proxy' }, 'redisUsername', 'has no password', 'set fleet.redisPasswordFile, too'],
    [{ ...tls, 'redis-cert-file': 'cert' }, 'redisCertFile', 'has no private key', 'set fleet.redisKeyFile, too'],
    [{ ...tls, 'redis-key-file': 'key' }, 'redisKeyFile', 'has no certificate', 'set fleet.redisCertFile, too'],
    [{ ...url, 'redis-ca-file': 'ca' }, 'redisCaFile', 'has no effect without TLS', 'begin fleet.redisUrl with rediss'],
    [
      { ...url, 'redis-password-file': 'password' },
      'redisPasswordFile',
      'conflicts with fleet.redisPassword (PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD)',
      'remove one of the two',
      PASSWORD,
    ],
  ]
  for (const [given, name, problem, cure, env = VENDOR] of rows) {
    const faults = await faultsOf({ args: flags(t, given), env: { ...env } })
    t.match(faults, [{ key: `fleet.${name}`, problem, cure }])
    t.equal(faults.length, 1)
    t.notMatch(JSON.stringify(faults), MARK)
  }
})

t.test('a file that cannot be used is a fault', async t => {
  const pair = { 'redis-cert-file': 'cert', 'redis-key-file': 'key' }
  const rows: [given: Readonly<Record<string, string>>, key: string, problem: RegExp][] = [
    [{ 'redis-password-file': 'missing' }, 'redisPasswordFile', /does not exist/],
    [{ 'redis-password-file': 'empty' }, 'redisPasswordFile', /is empty/],
    [{ 'redis-ca-file': 'empty' }, 'redisCaFile', /contains no certificate/],
    [{ ...pair, 'redis-cert-file': 'empty' }, 'redisCertFile', /contains no certificate/],
    [{ ...pair, 'redis-key-file': 'missing' }, 'redisKeyFile', /does not exist/],
    [{ ...pair, 'redis-key-file': 'empty' }, 'redisKeyFile', /is empty/],
    [{ ...pair, 'redis-key-file': 'otherKey' }, 'redisCertFile', /the key does not match/],
  ]
  for (const [given, name, problem] of rows) {
    const faults = await faultsOf({ args: flags(t, { 'redis-url': 'rediss://redis', ...given }) })
    t.match(faults, [{ key: `fleet.${name}`, problem, cure: /\w/ }])
    t.equal(faults.length, 1)
  }
})

t.test('the name of a fleet is a label', async t => {
  const faults = await faultsOf({ args: flags(t, { 'redis-url': 'redis://redis', name: 'Blue' }) })
  t.match(faults, [{ key: 'fleet.name', problem: 'invalid fleet name "Blue"' }])
})

t.test('the password is never a flag', async t => {
  t.throws(() => readFlags(['--fleet-redis-password', MARK]), {
    name: 'UsageError',
    message:
      '--fleet-redis-password is not allowed as a flag: other users of this machine can see it; use PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD or --fleet-redis-password-file',
  })
})

t.test('there is a warning for a password in a file that other users can read', async t => {
  const file = yaml(t, `fleet: {redisUrl: "redis://redis", redisPassword: ${MARK}}`)
  const { warnings } = await load({ args: ['--config', file] })
  t.match(warnings, [
    `${file} contains the password for Redis and can be read by other users; run chmod 600 on it, or use fleet.redisPasswordFile`,
  ])
})
