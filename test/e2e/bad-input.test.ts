import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

const KEY = { PC_URL: 'app2', PC_IDENTITY: 'marked-identity', PC_SECRET: 'marked-secret' }

/** What was given, and what comes of it: the exit code, and what the message must name. */
interface Row {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly code: number
  readonly names: readonly RegExp[]
}

async function refused(t: Test, { args = [], env = {}, code, names }: Row): Promise<void> {
  const cli = startCli(t, args, env)
  t.equal(await cli.ended, code)
  for (const name of names) t.match(cli.output(), name)
  t.notMatch(cli.output(), /marked-secret|marked-identity| {4}at /, 'no secret, no stack')
}

t.test('bad input gets one clear message and the exit code 2', async t => {
  const files = t.testdir({
    'twice.yaml': 'log:\n  level: info\nlog:\n  level: debug\n',
    'typo.yaml': 'lisen:\n  address: 127.0.0.1:1\n',
    'broken.yaml': 'log: [',
    directory: {},
    home: { '.prismacloud': { 'credentials.json': '' } },
  })
  const rows: Record<string, Row> = {
    'no configuration at all': { code: 2, names: [/PC_IDENTITY/] },
    'an unknown stack': { env: { ...KEY, PC_URL: 'app22x' }, code: 2, names: [/url \(.*PC_URL/] },
    'a URL that is none': {
      env: { ...KEY, PC_URL: 'http://api2.prismacloud.io' },
      code: 2,
      names: [/PC_URL/, /https/],
    },
    'a missing secret': { env: { PC_URL: 'app2', PC_IDENTITY: 'marked-identity' }, code: 2, names: [/PC_SECRET/] },
    'a file that is not there': {
      args: ['--config', join(files, 'none.yaml')],
      env: KEY,
      code: 2,
      names: [/does not exist/],
    },
    'a file that cannot be read': {
      args: ['--config', join(files, 'directory')],
      env: KEY,
      code: 2,
      names: [/is a directory/],
    },
    'a key given twice': { args: ['--config', join(files, 'twice.yaml')], env: KEY, code: 2, names: [/twice\.yaml:3/] },
    'a rule with a mistyped method': {
      env: { ...KEY, PRISMACLOUD_PROXY_POLICY_DENY: '/x; PSOT /v2/alert' },
      code: 2,
      names: [/policy\.deny\[1\] .*unknown method "PSOT" \(did you mean POST\?\)/],
    },
    'a mistyped key': {
      args: ['--config', join(files, 'typo.yaml')],
      env: KEY,
      code: 2,
      names: [/typo\.yaml:1/, /listen/],
    },
    'a broken file': { args: ['--config', join(files, 'broken.yaml')], env: KEY, code: 2, names: [/broken\.yaml/] },
    'an empty credentials file': { env: { HOME: join(files, 'home') }, code: 2, names: [/credentials\.json/, /empty/] },
    'a mistyped flag': { args: ['--listen-adress', 'x'], env: KEY, code: 2, names: [/--listen-address/] },
    'a secret as a flag': { args: ['--secret-key', 'marked-secret'], env: KEY, code: 2, names: [/flag/] },
    'an unknown command': { args: ['strat'], code: 2, names: [/start/] },
    'several faults at once': {
      args: ['--log-level', 'loud', '--listen-address', 'nowhere'],
      env: { ...KEY, PC_URL: 'app22x' },
      code: 2,
      names: [/log\.level/, /listen\.address/, /url/],
    },
    'an open address without a client token': {
      args: ['--listen-address', '0.0.0.0:0'],
      env: KEY,
      code: 2,
      names: [/clientTokenFile/],
    },
  }
  for (const [name, row] of Object.entries(rows)) await t.test(name, t => refused(t, row))
})

t.test('a port that is taken says by whom to look, and ends with 1', async t => {
  const holder = createServer().listen(0, '127.0.0.1')
  t.teardown(() => holder.close())
  await once(holder, 'listening')
  const address = holder.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const args = ['--listen-address', `127.0.0.1:${port}`]
  await refused(t, { args, env: KEY, code: 1, names: [/is already in use; find the process with lsof/] })
})

t.test('a key that the login refuses ends with 3', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const env = { ...credentials(simulator), PC_SECRET: 'marked-secret' }
  await refused(t, {
    args: ['--listen-address', '127.0.0.1:0'],
    env,
    code: 3,
    names: [/Prisma Cloud rejected every access key/, /invalid_credentials/],
  })
})
