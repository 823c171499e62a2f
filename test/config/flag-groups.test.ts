import t from 'tap'
import { flagOf, sectionKeys, settingKeys } from '../../src/config/schema/keys.ts'
import { configGroups, configGroupsWithout } from '../../src/config/sources/flag-groups.ts'

const flags = configGroups.flatMap(group => group.flags)

t.test('every key without a secret has one flag, in one group', async t => {
  const keys = [
    ...[...sectionKeys.tenants].filter(([, { kind }]) => kind === 'text' || kind === 'file'),
    ...[...settingKeys].filter(([, { kind }]) => kind !== 'secret'),
  ].map(([key]) => flagOf(key))
  const others = ['--config', '--port', '--quiet', '--verbose']
  t.strictSame(flags.map(({ name }) => name).toSorted(), [...keys, ...others].toSorted())
  t.equal(new Set(configGroups.map(({ title }) => title)).size, configGroups.length)
})

t.test('about ten are important, and none is a secret', async t => {
  const important = flags.filter(({ isImportant }) => isImportant)
  t.ok(important.length >= 8 && important.length <= 14, `${important.length}`)
  t.notMatch(JSON.stringify(flags), /--secret-key"|--access-key-id"|--fleet-redis-password"/)
})

t.test('flags have what their keys have: placeholder, default, choices', async t => {
  const flag = (name: string) => flags.find(each => each.name === name)
  t.match(flag('--session-wait-timeout'), { placeholder: 'DURATION', default: '15s', kind: 'value' })
  t.match(flag('--log-format'), { placeholder: 'WORD', default: 'auto', choices: ['auto', 'pretty', 'json'] })
  t.match(flag('--assume-json'), { kind: 'toggle', default: 'true' })
  t.notOk(Object.hasOwn(flag('--policy-deny') ?? {}, 'default'))
  t.match(flag('--default-tenant'), { completes: 'tenants' })
  t.match(flag('--url'), { completes: 'stacks' })
})

t.test('flags that a command does not take are left out, and groups that are then empty', async t => {
  const without = configGroupsWithout(new Set(['listen.address', 'connect.enabled', 'connect.others']))
  const names = without.flatMap(group => group.flags.map(({ name }) => name))
  t.notOk(names.includes('--listen-address') || names.includes('--port'))
  t.ok(names.includes('--listen-tls-address'))
  t.strictSame(without.length, configGroups.length - 1)
})
