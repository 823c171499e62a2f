import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FORMER_KEYS, type FormerKeys } from '../../src/config/schema/former-keys.ts'
import { sectionKeys, sectionNames, settingKeys } from '../../src/config/schema/keys.ts'
import { collectSettings } from '../../src/config/sources/collect.ts'
import { readEnvironment } from '../../src/config/sources/environment.ts'
import { configFlags, flagsWith } from '../../src/config/sources/flags.ts'
import { readArguments } from '../../src/kernel/arguments.ts'

/** Every key that a release had, and those that the next one is to have. No line is ever changed or removed. */
const RELEASED = readFileSync(join(import.meta.dirname, 'released-keys.txt'), 'utf8')
  .trimEnd()
  .split('\n')

const KEYS = [
  ...sectionNames.flatMap(section => [...sectionKeys[section].keys()].map(key => `${section}.<name>.${key}`)),
  ...settingKeys.keys(),
]

t.test('what became of each key of a release is known', async t => {
  t.strictSame(
    RELEASED.filter(key => !KEYS.includes(key) && !FORMER_KEYS.has(key)),
    [],
    'add these to FORMER_KEYS',
  )
  t.strictSame(
    KEYS.filter(key => !RELEASED.includes(key)),
    [],
    'add these to released-keys.txt',
  )
})

t.test('a former key is none any more, was one, and became one', async t => {
  t.strictSame(wrongIn(FORMER_KEYS), [])
  const wrong: FormerKeys = new Map([
    ['listen.address', { renamedTo: 'listen.tls' }],
    ['listen.neverThere', { removed: 'do without' }],
  ])
  t.strictSame(wrongIn(wrong), ['listen.address', 'listen.neverThere'])
})

function wrongIn(keys: FormerKeys): string[] {
  const isRight = (fate: object) => !('renamedTo' in fate) || KEYS.includes(`${fate.renamedTo}`)
  const wrong = [...keys].filter(([key, fate]) => KEYS.includes(key) || !RELEASED.includes(key) || !isRight(fate))
  return wrong.map(([key]) => key)
}

/** Some former keys, of each kind. */
const FORMER: FormerKeys = new Map([
  ['listen.bind', { renamedTo: 'listen.address' }],
  ['store.url', { renamedTo: 'fleet.redisUrl' }],
  ['store.ttl', { removed: 'remove it; entries expire by themselves' }],
  ['tenants.<name>.baseUrl', { renamedTo: 'tenants.<name>.url' }],
  ['clients.<name>.key', { renamedTo: 'clients.<name>.tokenFile' }],
])

t.test('a former key in a file is a fault that names the new one', async t => {
  const root = {
    listen: { bind: 'hunter22', tls: 'off' },
    store: { url: 'hunter22', ttl: '5', other: 'hunter22' },
    tenants: { prod: { baseUrl: 'hunter22' } },
    clients: { ci: { key: { hunter22: 'hunter22' } } },
  }
  const { settings, faults } = collectSettings(root, path => path.join('/'), FORMER)
  t.strictSame(
    faults.map(({ key, problem, cure }) => `${key} ${problem}; ${cure}`),
    [
      'listen.bind was renamed; use listen.address',
      'store.url was renamed; use fleet.redisUrl',
      'store.ttl was removed; remove it; entries expire by themselves',
      'store.other unknown key; remove it',
      'tenants.prod.baseUrl was renamed; use tenants.prod.url',
      'clients.ci.key was renamed; use clients.ci.tokenFile',
    ],
  )
  t.match(faults[0], { origin: 'listen/bind' })
  t.notMatch(JSON.stringify([settings, faults]), 'hunter22')
})

t.test('the name of a former section can still be mistyped', async t => {
  const { faults } = collectSettings({ stor: { url: 'x' }, listn: {}, store: 'x' }, path => path.join('/'), FORMER)
  t.strictSame(
    faults.map(({ key, problem }) => `${key} ${problem}`),
    ['stor unknown key', 'listn unknown key', 'store unknown key'],
  )
})

t.test('the variable of a former key is a fault that names the new one', async t => {
  const env = {
    PRISMACLOUD_PROXY_LISTEN_BIND: 'hunter22',
    PRISMACLOUD_PROXY_STORE_TTL: 'hunter22',
    PRISMACLOUD_PROXY_TENANTS_TEAM_A_BASE_URL: 'hunter22',
    PRISMACLOUD_PROXY_LISTEN_TLS: 'off',
    PRISMACLOUD_PROXY_TENANTS_TEAM_A_URL: 'app2',
  }
  const { settings, faults } = readEnvironment(env, FORMER)
  t.strictSame(
    faults.map(({ key, problem, cure }) => `${key} ${problem}; ${cure}`),
    [
      'PRISMACLOUD_PROXY_LISTEN_BIND was renamed; use PRISMACLOUD_PROXY_LISTEN_ADDRESS',
      'PRISMACLOUD_PROXY_STORE_TTL was removed; remove it; entries expire by themselves',
      'PRISMACLOUD_PROXY_TENANTS_TEAM_A_BASE_URL was renamed; use PRISMACLOUD_PROXY_TENANTS_TEAM_A_URL',
    ],
  )
  t.strictSame(
    settings.map(({ key }) => key),
    ['listen.tls', 'url'],
  )
})

t.test('the flag of a former key is refused, and the new one named', async t => {
  const flags = flagsWith(FORMER)
  t.equal(flags.length, configFlags.length + 4)
  for (const [flag, reason] of [
    ['--listen-bind', 'it was renamed; use --listen-address'],
    ['--base-url', 'it was renamed; use --url'],
    ['--store-ttl', 'it was removed; remove it; entries expire by themselves'],
  ] as const)
    t.throws(() => readArguments([flag, 'hunter22'], flags), { message: `${flag} is not allowed as a flag: ${reason}` })
  t.strictSame(readArguments(['--listen-address', 'x'], flags), [['--listen-address', 'x']])
})
