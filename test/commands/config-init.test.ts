import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { main } from '../../src/cli.ts'
import { type Answers, KEY_QUESTION, URL_QUESTION } from '../../src/commands/config/answers.ts'
import { type NamedFiles, renderConfig } from '../../src/commands/config/template.ts'
import { writeNewFiles } from '../../src/commands/config/write-new-files.ts'
import { loadConfig } from '../../src/config/load.ts'
import { stacks } from '../../src/stacks/stacks.ts'
import { type FakeHostOptions, fakeHost } from '../support/host.ts'

/** Runs `config init` for a file in the folder, and gives what came of it. */
async function init(folder: string, args: readonly string[], options: FakeHostOptions = {}) {
  const file = join(folder, 'proxy.yaml')
  const host = fakeHost({ homeDirectory: folder, ...options, args: ['config', 'init', '--file', file, ...args] })
  const code = await main(host)
  return { file, code, stdout: host.stdout.text, stderr: host.stderr.text }
}

/** Answers the questions on a terminal, one line for each. */
function answer(folder: string, lines: readonly string[], args: readonly string[] = []) {
  return init(folder, args, { isTTY: true, input: lines.map(line => `${line}\n`).join('') })
}

const ALL = ['--url', 'app2', '--access-key', 'files', '--used-by', 'this-machine', '--access', 'read-only']

t.test('it asks four questions, writes a file for this user alone, and says what to do next', async t => {
  const folder = t.testdir({})
  const { file, code, stdout, stderr } = await answer(folder, ['app.eu', '', '', ''])
  t.equal(stderr, '')
  t.equal(code, 0)
  t.equal(stdout.match(/\?/g)?.length, 4)
  for (const { name } of stacks) t.ok(stdout.split(/\s+/).includes(name), name)
  t.match(stdout, `Wrote ${file}.\n`)
  t.match(stdout, `\n\n  prismacloud-proxy check --config ${file}\n`)
  t.match(stdout, `Write the access key ID to ${folder}/proxy.access-key-id and`)
  t.strictSame(readdirSync(folder), ['proxy.yaml'])
  t.equal(statSync(file).mode & 0o777, 0o600)
  writeFileSync(join(folder, 'proxy.access-key-id'), 'an-id', { mode: 0o600 })
  writeFileSync(join(folder, 'proxy.secret-key'), 'a-key', { mode: 0o600 })
  const config = await load(file)
  t.match(config.tenants.get('default'), { api: { stack: 'app.eu' }, credentials: { kind: 'file' } })
  t.match(config.tenants.get('default')?.policy, { access: 'read-only' })
  t.match(config, { listen: { address: '127.0.0.1:9080' }, clients: [], warnings: [] })
})

function load(file: string, env: Readonly<Record<string, string>> = {}) {
  return loadConfig({ args: ['--config', file], env, homeDirectory: '/nonexistent' })
}

t.test('others get a token, which is generated', async t => {
  const folder = t.testdir({})
  const command = ['op', 'read', 'op://vault/prisma: cloud']
  const lines = ['https://app2.prismacloud.io/home?x=1', 'command', JSON.stringify(command), '2', 'read-write']
  const { file, code, stdout } = await answer(folder, lines)
  t.equal(code, 0)
  t.strictSame(readdirSync(folder), ['proxy.client-token', 'proxy.yaml'])
  const token = readFileSync(join(folder, 'proxy.client-token'), 'utf8')
  t.match(token, /^[\w-]{32}\n$/)
  t.notOk((stdout + readFileSync(file, 'utf8')).includes(token.trim()))
  t.equal(statSync(join(folder, 'proxy.client-token')).mode & 0o777, 0o600)
  t.match(stdout, `Wrote ${file} and the client token ${folder}/proxy.client-token.\n`)
  const config = await load(file)
  t.match(config, { listen: { address: '0.0.0.0:9080' }, clients: [{ name: 'default' }], warnings: [] })
  t.ok(config.clients[0]?.token.matches(token.trim()))
  t.match(config.tenants.get('default'), { api: { stack: 'app2' }, credentials: { kind: 'command' }, policy: null })
  t.match(readFileSync(file, 'utf8'), 'credentialCommand: ["op", "read", "op://vault/prisma: cloud"]\n')
})

t.test('each file that it can write is loaded without faults and warnings', async t => {
  const folder = t.testdir({ '.prismacloud': {} })
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 })
  write('.prismacloud/credentials.json', JSON.stringify({ identity: 'an-id', secret: 'a-key' }))
  for (const name of ['an id', 'a # key', 'token']) write(name, 'long-enough-for-a-token')
  const files: NamedFiles = {
    accessKeyId: join(folder, 'an id'),
    secretKey: join(folder, 'a # key'),
    clientToken: join(folder, 'token'),
    credentials: join(folder, '.prismacloud/credentials.json'),
  }
  const env = { PC_IDENTITY: 'an-id', PC_SECRET: 'a-key' }
  const places: readonly [Answers['accessKey'], string][] = [
    ['files', 'file'],
    ['environment', 'fixed'],
    ['credentials-file', 'file'],
    ['command', 'command'],
  ]
  const urls = [...stacks.map(({ name }) => name), 'https://gateway.example/prisma']
  for (const [index, url] of urls.entries()) {
    const [accessKey, kind] = places[index % places.length] as (typeof places)[number]
    for (const usedBy of ['this-machine', 'others'] as const) {
      for (const access of ['read-only', 'read-write'] as const) {
        const command = accessKey === 'command' ? ['true'] : null
        const hostName = index % 2 === 0 ? 'Host.example' : 'no host name'
        write('c.yaml', renderConfig({ url, accessKey, command, usedBy, access }, files, hostName))
        const config = await load(join(folder, 'c.yaml'), accessKey === 'environment' ? env : {})
        const tenant = config.tenants.get('default')
        t.strictSame(config.warnings, [])
        t.equal(tenant?.credentials.kind, kind)
        t.equal(tenant?.api.stack ?? `${tenant?.api.origin}${tenant?.api.basePath}`, url)
        t.equal(tenant?.policy?.access ?? 'read-write', access)
        t.equal(config.clients.length, usedBy === 'others' ? 1 : 0)
        t.strictSame(config.listen.trustedHosts, usedBy === 'others' && index % 2 === 0 ? ['host.example'] : [])
      }
    }
  }
})

t.test('the files of all answers to the question where the key is', async t => {
  for (const [place, text] of [
    ['environment', /Set PC_IDENTITY to the access key ID, and PC_SECRET/],
    ['credentials-file', /The access key is read from .*\/\.prismacloud\/credentials\.json\./],
  ] as const) {
    const args = ['--url', 'app2', '--access-key', place, '--used-by', 'this-machine', '--access', 'read-only']
    const { code, stdout } = await init(t.testdir({}), args)
    t.equal(code, 0)
    t.match(stdout, text)
  }
})

t.test('an answer that is not valid is asked for again', async t => {
  const folder = t.testdir({})
  const lines = ['', 'ap2', 'app99', 'app2', 'fils', 'nowhere', '4', 'op read "x y"', '[op', '', 'op read x', '1', '2']
  const { file, code, stdout } = await answer(folder, lines)
  t.equal(code, 0)
  for (const complaint of [
    '"" is not an address; expected a stack name such as app2',
    '"ap2" is not a known stack; did you mean app?',
    '"app99" is not a stack that this version knows; did you mean app? (if the stack is new, write',
    'invalid answer "fils"; did you mean files?',
    'invalid answer "nowhere"; expected one of: files, environment, credentials-file, command',
    '"op read \\"x y\\"" has quotes or other characters that only a shell understands; write a list instead',
    'invalid value "[op"; expected a list of strings',
    'the command is empty; expected a program',
  ])
    t.match(stdout, `${complaint}`)
  t.match(readFileSync(file, 'utf8'), 'credentialCommand: ["op", "read", "x"]\n')
  t.throws(() => URL_QUESTION.read('https://user:hunter22@app2.prismacloud.io'), /^address contains a user or password/)
  t.equal(KEY_QUESTION.read('3'), 'credentials-file')
  t.equal(URL_QUESTION.read('https://gateway.example/prisma/'), 'https://gateway.example/prisma')
})

t.test('when the input ends before the last answer, nothing is written', async t => {
  const folder = t.testdir({})
  for (const lines of [[], ['app2'], ['app2', '', '2']]) {
    const { code, stderr } = await answer(folder, lines)
    t.equal(code, 1)
    t.equal(stderr, '\naborted; nothing was written\n')
    t.strictSame(readdirSync(folder), [])
  }
})

t.test('answers that are given in advance are not asked for; without a terminal all must be', async t => {
  const { code, stdout } = await answer(t.testdir({}), ['read-write'], ALL.slice(0, -2))
  t.equal(code, 0)
  t.match(stdout, /^\nWhich requests are allowed\?\n/)
  t.match(await init(t.testdir({}), ALL), { code: 0, stdout: /^\nWrote / })
  for (const [args, message] of [
    [[], 'cannot ask questions without a terminal; add --url, --access-key, --used-by, --access'],
    [ALL.slice(2), 'cannot ask questions without a terminal; add --url'],
    [[...ALL, '--access-key', 'command'], 'cannot ask questions without a terminal; add --credential-command'],
    [[...ALL, '--credential-command', 'op'], '--credential-command has no effect without --access-key command'],
    [[...ALL, '--access', 'all'], '--access: invalid answer "all"; expected one of: read-only, read-write'],
    [[...ALL, '--url', 'app22'], /^--url: "app22" is not a stack that this version knows; did you mean app2\?/],
    [['--secret-key', 'hunter22'], 'unknown flag --secret-key'],
  ] as const) {
    const folder = t.testdir({})
    const { code, stdout, stderr } = await init(folder, args)
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, message)
    t.strictSame(readdirSync(folder), [])
  }
})

t.test('nothing is overwritten, and a file is written whole or not at all', async t => {
  const folder = t.testdir({ 'proxy.yaml': 'mine' })
  const refused = await answer(folder, [])
  t.match(refused, { code: 1, stdout: '', stderr: `${refused.file} exists, and is not overwritten; choose another` })
  t.equal(readFileSync(refused.file, 'utf8'), 'mine')

  const other = t.testdir({ 'proxy.client-token': 'mine' })
  const { code, stderr } = await init(other, [...ALL, '--used-by', 'others'])
  t.equal(code, 1)
  t.match(stderr, /proxy\.client-token exists, and is not overwritten/)
  t.strictSame(readdirSync(other), ['proxy.client-token'])

  const first = join(t.testdir({ second: 'mine' }), 'first')
  const files = new Map([first, join(t.testdirName, 'second')].map(path => [path, 'text']))
  await t.rejects(writeNewFiles(files), { message: /second exists/ })
  t.strictSame(readdirSync(t.testdirName), ['second'])

  const missing = await init(join(t.testdirName, 'none'), ALL)
  t.match(missing, { code: 1, stderr: `cannot write ${missing.file} (ENOENT)\n` })
  t.notOk(existsSync(missing.file))
})

t.test('the default file is in the working directory', async t => {
  const folder = t.testdir({})
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  process.chdir(folder)
  const host = fakeHost({ args: ['config', 'init', ...ALL] })
  t.equal(await main(host), 0)
  t.strictSame(readdirSync(folder), ['prismacloud-proxy.yaml'])
})
