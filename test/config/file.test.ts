import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readConfigFile } from '../../src/config/sources/file.ts'

function read(path: string) {
  return readConfigFile({ group: null, key: 'config', value: path, source: 'flag', origin: '--config' })
}

t.test('a file gives strings, lists and nulls, each with its line', async t => {
  const yaml =
    '# comment\nlisten:\n  address: 127.0.0.1:0\n  trustedHosts: [a, b]\nlog:\npacing:\n  maxQueue: 012\n  enabled: on\ntenants:\n  team-a:\n    url: null\n    prismaId: 123456789012345678901\n'
  const path = join(t.testdir({ 'c.yaml': yaml }), 'c.yaml')
  t.strictSame(await read(path), {
    settings: [
      { group: 'tenants.team-a', key: 'url', value: null, source: 'file', origin: `${path}:10` },
      { group: null, key: 'listen.address', value: '127.0.0.1:0', source: 'file', origin: `${path}:3` },
      { group: null, key: 'listen.trustedHosts', value: ['a', 'b'], source: 'file', origin: `${path}:4` },
      { group: null, key: 'pacing.maxQueue', value: '012', source: 'file', origin: `${path}:7` },
      { group: null, key: 'pacing.enabled', value: 'on', source: 'file', origin: `${path}:8` },
      { group: 'tenants.team-a', key: 'url', value: null, source: 'file', origin: `${path}:11` },
      {
        group: 'tenants.team-a',
        key: 'prismaId',
        value: '123456789012345678901',
        source: 'file',
        origin: `${path}:12`,
      },
    ],
    faults: [],
    usable: true,
    warnings: [],
  })
})

t.test('a file may be JSON, start with a byte order mark, and use aliases', async t => {
  const dir = t.testdir({
    'c.json': '\uFEFF{"log": {"level": "debug"}}',
    'alias.yaml': 'log: &log\n  level: info\ntenants:\n  a: &a\n    url: app2\n  b: *a\n',
  })
  t.match(await read(join(dir, 'c.json')), { settings: [{ key: 'log.level', value: 'debug' }], faults: [] })
  const path = join(dir, 'alias.yaml')
  const { settings } = await read(path)
  t.match(settings.at(-1), { group: 'tenants.b', key: 'url', value: 'app2', origin: `${path}:6` })
})

const bombs = ['a', 'b', 'c', 'd', 'e', 'f'].map(
  (name, i, all) => `${name}: &${name} [${`${i ? `*${all[i - 1]}` : 'x'},`.repeat(9)}]`,
)

t.test('merge keys share settings between tenants, whose own settings take precedence', async t => {
  const yaml =
    'tenants:\n  a: &a\n    url: app2\n    lazy: true\n  b: &b\n    url: app4\n    prismaId: 7\n  c:\n    <<: [*a, *b]\n    url: app3\n'
  const path = join(t.testdir({ 'merge.yaml': yaml }), 'merge.yaml')
  const { settings, faults } = await read(path)
  t.strictSame(faults, [])
  const ofC = settings.filter(({ group, value }) => group === 'tenants.c' && value !== null)
  t.strictSame(Object.fromEntries(ofC.map(({ key, value }) => [key, value])), {
    url: 'app3',
    lazy: 'true',
    prismaId: '7',
  })
})

const UNRESOLVED = 'invalid aliases (*name) or merge keys (<<) in the file'

const unusable = [
  { yaml: '', origin: '--config', problem: /is empty$/ },
  { yaml: '# nothing\n', origin: '--config', problem: /is empty$/ },
  { yaml: 'hunter22', origin: '--config', problem: /is not a mapping$/ },
  { yaml: '- hunter22', origin: '--config', problem: /is not a mapping$/ },
  { yaml: 'log:\n\tlevel: hunter22', line: 2, problem: 'invalid YAML: tab as indent' },
  { yaml: 'log: [1\nhunter22', line: 2, problem: /^invalid YAML: / },
  { yaml: 'log:\n---\nlog:\n', line: 2, problem: /^invalid YAML: multiple docs/ },
  { yaml: bombs.join('\n'), line: 1, problem: UNRESOLVED },
  { yaml: 'log: *hunter22', line: 1, problem: UNRESOLVED },
  { yaml: 'log: {<<: *hunter22}', line: 1, problem: UNRESOLVED },
  { yaml: 'log: {<<: hunter22}', line: 1, problem: UNRESOLVED },
]

t.test('a file that cannot be used is one fault, which shows none of its content', async t => {
  for (const [index, { yaml, line, origin, problem }] of unusable.entries()) {
    const path = join(t.testdir({ [`${index}.yaml`]: yaml }), `${index}.yaml`)
    const { faults, usable } = await read(path)
    t.match(faults, [{ key: 'config', origin: origin ?? `${path}:${line}`, problem }], JSON.stringify(yaml))
    t.equal(faults.length, 1)
    t.notOk(usable)
    t.notMatch(JSON.stringify(faults), 'hunter22')
  }
})

t.test('a file that does not exist, or a directory, is one fault', async t => {
  const dir = t.testdir({ file: '' })
  t.match(await read(join(dir, 'no.yaml')), {
    usable: false,
    faults: [{ origin: '--config', problem: /"[^"]+" does not exist/ }],
  })
  t.match(await read(join(dir, 'file', 'no.yaml')), { faults: [{ problem: /does not exist/ }] })
  t.match(await read(dir), { usable: false, faults: [{ problem: /is a directory/ }] })
  t.match(await read(`${dir}\0`), { faults: [{ problem: /cannot be read \(ERR_INVALID_ARG_VALUE\)/ }] })
})

t.test('every duplicate key is a fault with its line', async t => {
  const yaml = 'log:\n  level: hunter22\n  level: info\n"errors": problem\n"errors": hunter22\n'
  const path = join(t.testdir({ 'c.yaml': yaml }), 'c.yaml')
  t.strictSame(await read(path), {
    settings: [],
    faults: [
      { key: 'level', origin: `${path}:3`, problem: 'duplicate key', cure: 'remove one of the two' },
      { key: 'errors', origin: `${path}:5`, problem: 'duplicate key', cure: 'remove one of the two' },
    ],
    usable: false,
    warnings: [],
  })
})

const unknown = [
  { yaml: 'lisen:\n  x: hunter22', key: 'lisen', line: 1, cure: 'did you mean listen?' },
  { yaml: 'listen:\n  adress: hunter22', key: 'listen.adress', line: 2, cure: 'did you mean address?' },
  { yaml: 'listen:\n  foreign: hunter22', key: 'listen.foreign', line: 2, cure: /^expected one of: address, / },
  {
    yaml: 'tenants:\n  a:\n    secretKye: hunter22',
    key: 'tenants.a.secretKye',
    line: 3,
    cure: 'did you mean secretKey?',
  },
  { yaml: 'tenants:\n  Prod:\n    url: hunter22', key: 'tenants.Prod', line: 2, cure: /lower-case/ },
  {
    yaml: '{tenants: {a: {secretKey:hunter22}}}',
    key: 'tenants.a.(hidden key)',
    line: 1,
    cure: /^expected one of: /,
  },
  { yaml: '__proto__:\n  url: hunter22', key: '(hidden key)', line: 1, cure: /^expected one of: / },
  { yaml: 'toString: hunter22', key: 'toString', line: 1, cure: /^expected one of: / },
  { yaml: '[x]: hunter22', key: '(hidden key)', line: 1, cure: /^expected one of: / },
  { yaml: 'listen: hunter22', key: 'listen', line: 1, cure: /^indent its keys below it$/ },
  { yaml: 'listen: [hunter22]', key: 'listen', line: 1, cure: /^indent its keys below it$/ },
  { yaml: 'tenants: hunter22', key: 'tenants', line: 1, cure: /^indent its keys below it$/ },
  { yaml: 'log:\ntenants:\n  a: hunter22', key: 'tenants.a', line: 3, cure: /^indent its keys below it$/ },
]

t.test('an unknown key or a value that should be a mapping is a fault, which repeats no value', async t => {
  for (const [index, { yaml, key, line, cure }] of unknown.entries()) {
    const path = join(t.testdir({ [`${index}.yaml`]: yaml }), `${index}.yaml`)
    const { faults, usable } = await read(path)
    t.match(faults, [{ key, origin: `${path}:${line}`, cure }], yaml)
    t.equal(faults.length, 1)
    t.ok(usable)
    t.notMatch(JSON.stringify(faults), 'hunter22')
  }
})

t.test('there is a warning if other users can read a secret key', { skip: process.platform === 'win32' }, async t => {
  const dir = t.testdir({
    'secret.yaml': 'tenants:\n  a:\n    secretKey: hunter22\n',
    'plain.yaml': 'tenants:\n  a:\n    secretKey: null\n',
  })
  const [secret, plain] = [join(dir, 'secret.yaml'), join(dir, 'plain.yaml')]
  await chmod(plain, 0o644)
  await chmod(secret, 0o640)
  t.strictSame((await read(secret)).warnings, [
    `${secret} contains a secret key and can be read by other users; run chmod 600 on it, or use secretKeyFile`,
  ])
  await chmod(secret, 0o600)
  t.strictSame((await read(secret)).warnings, [])
  t.strictSame((await read(plain)).warnings, [])
  await chmod(plain, 0o622)
  t.strictSame((await read(plain)).warnings, [`${plain} can be changed by other users; run chmod go-w on it`])
})
