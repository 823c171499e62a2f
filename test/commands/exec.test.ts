import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { exec } from '../../src/commands/exec.ts'
import { newFolder } from '../support/folder.ts'
import { type FakeHost, fakeHost } from '../support/host.ts'
import { until } from '../support/until.ts'
import { rawUpstream } from '../support/upstream.ts'
import { KEY, simulate, USER } from './rig.ts'

/** Runs a shell's script with a proxy of its own. The script must print nothing: that would go to the test's output. */
async function start(
  t: Test,
  script: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
  system: NodeJS.Platform = 'linux',
) {
  const simulator = await simulate(t)
  const folder = t.testdir({})
  const host = fakeHost({
    system,
    args: [...args, '--', '/bin/sh', '-c', script],
    env: {
      PATH: '/usr/bin:/bin',
      OUT: join(folder, 'out'),
      XDG_STATE_HOME: folder,
      PC_URL: simulator.url,
      ...KEY,
      ...env,
    },
  })
  const out = () => readFileSync(join(folder, 'out'), 'utf8')
  return { host, out, simulator, folder, ended: exec.run(host) }
}

t.test('the command reaches the API by its environment, and its exit code is the answer', async t => {
  const script = 'curl -sS -u x:$PC_SECRET "https://$PC_URL/v2/policy" > $OUT; env >> $OUT; exit 7'
  const { ended, out, host } = await start(t, script)
  t.equal(await ended, 7)
  t.match(out(), /^\[\{"policyId"/)
  t.notMatch(out(), new RegExp(`${USER.accessKeyId}|${USER.secretKey}`))
  const [, bundle = ''] = /SSL_CERT_FILE=(.*)/.exec(out()) ?? []
  t.notOk(existsSync(dirname(bundle)), 'nothing is left behind')
  t.equal(host.stdout.text + host.stderr.text, '')
})

t.test('nobody but the command is let in', async t => {
  const script = 'curl -sS -o /dev/null -w "%{http_code}" "http://127.0.0.1:$PRISMACLOUD_PORT/v2/policy" > $OUT'
  const { ended, out, host } = await start(t, script, {}, ['--log-requests', 'all', '--log-level', 'info'])
  t.equal(await ended, 0)
  t.equal(out(), '401')
  t.match(host.stderr.text, /"client":null.*"status":401/, 'what is to be logged goes to standard error')
})

t.test('signals reach the command, which has the last word', async t => {
  for (const [signal, hasTerminal, code] of [
    ['TERM', false, 5],
    ['HUP', false, 5],
    ['USR1', false, 5],
    ['USR2', false, 5],
    ['INT', false, 5],
    ['INT', true, 6],
  ] as const) {
    // what is told ends it at once; what is not must not be waited for long
    const turns = code === 5 ? 1000 : 20
    const script = `trap 'exit 5' ${signal}; : > $OUT; i=0; while [ $i -lt ${turns} ]; do sleep 0.05; i=$((i+1)); done; exit 6`
    const { ended, folder, host } = await start(t, script)
    Object.assign(host, { hasTerminal: () => hasTerminal })
    await until(() => existsSync(join(folder, 'out')))
    host.signals.emit(`SIG${signal}`)
    t.equal(await ended, code, `${signal} ${hasTerminal}`)
  }
})

t.test('a command that a signal ended is told as a shell does', async t => {
  t.equal(await (await start(t, 'kill -9 $$')).ended, 137)
  t.equal(await (await start(t, 'kill -TERM $$')).ended, 143)
})

t.test('one that cannot be run is told', async t => {
  const { simulator, folder } = await start(t, 'exit 0')
  const env = { XDG_STATE_HOME: folder, PC_URL: simulator.url, ...KEY }
  const run = async (file: string): Promise<[number, FakeHost]> => {
    const host = fakeHost({ args: ['--', file], env })
    return [await exec.run(host), host]
  }
  const [missing, told] = await run('/none/such')
  t.strictSame([missing, told.stderr.text], [127, 'exec: /none/such: command not found\n'])
  const [forbidden, toldToo] = await run(join(folder, 'prismacloud-proxy'))
  const [noFolder, toldThen] = await run('/etc/passwd/x')
  t.strictSame([noFolder, toldThen.stderr.text], [126, 'exec: /etc/passwd/x: cannot be run (ENOTDIR)\n'])
  t.strictSame(
    [forbidden, toldToo.stderr.text],
    [126, `exec: ${join(folder, 'prismacloud-proxy')}: permission denied\n`],
  )
})

t.test('it is not run where there is no key, no way, or no command', async t => {
  const refused = await start(t, ': > $OUT', { PC_SECRET: 'marked-wrong' })
  t.equal(await refused.ended, 3)
  t.match(
    refused.host.stderr.text,
    /tenant default \(rejected\): .*invalid_credentials.*\nPrisma Cloud rejected every access key;/,
  )
  t.throws(refused.out)
  const silent = await rawUpstream(t, () => {}, { login: () => {} })
  const early = await start(t, ': > $OUT', { PC_URL: silent.url })
  await until(() => silent.logins.length === 1)
  early.host.signals.emit('SIGTERM')
  t.equal(await early.ended, 143)
  t.throws(early.out)
  const hungUp = await start(t, ': > $OUT', { PC_URL: silent.url })
  await until(() => silent.logins.length === 2)
  hungUp.host.signals.emit('SIGHUP')
  t.equal(await hungUp.ended, 143)
  t.throws(hungUp.out)
  const audited = await start(t, ': > $OUT', { PRISMACLOUD_PROXY_AUDIT_FILE: '/none/such/file' })
  t.equal(await audited.ended, 1)
  t.match(audited.host.stderr.text, /^audit\.file/)
  for (const args of [[], ['--'], ['--', ''], ['sh', '-c', 'x']])
    await t.rejects(exec.run(fakeHost({ args })), {
      name: 'UsageError',
      message: /^no command given; write it after --: exec -- terraform plan$/,
    })
})

t.test("the proxy's plain address and that of Compute are told", async t => {
  const { simulator, folder } = await start(t, 'exit 0')
  const out = join(folder, 'out')
  const script = `
    const { PRISMACLOUD_PROXY_URL: plain, PRISMACLOUDCOMPUTE_CONSOLE_URL: compute, PC_SECRET } = process.env
    const basic = 'Basic ' + Buffer.from(':' + PC_SECRET).toString('base64')
    const policies = await fetch(plain + '/v2/policy', { headers: { authorization: basic } })
    const user = { username: process.env.PRISMACLOUDCOMPUTE_USERNAME, password: process.env.PRISMACLOUDCOMPUTE_PASSWORD }
    const login = await fetch(compute + '/api/v1/authenticate', { method: 'POST', body: JSON.stringify(user) })
    const { token } = await login.json()
    const hosts = await fetch(compute + '/api/v1/hosts', { headers: { authorization: 'Bearer ' + token } })
    require('node:fs').writeFileSync(process.env.OUT, JSON.stringify([policies, login, hosts].map(answer => answer.status)))
  `
  const env = { OUT: out, XDG_STATE_HOME: folder, PC_URL: simulator.url, ...KEY }
  const args = ['--', process.execPath, '--eval', `(async () => {${script}})()`]
  t.equal(await exec.run(fakeHost({ args, env })), 0)
  t.same(JSON.parse(readFileSync(out, 'utf8')), [200, 200, 200])
})

t.test('a flag that would change nothing is refused, and not offered', async t => {
  for (const flag of ['--listen-address', '--listen-tls-address', '--connect-others', '--admin-address', '--port'])
    await t.rejects(exec.run(fakeHost({ args: [flag, 'x', '--', 'true'], env: KEY })), {
      name: 'UsageError',
      message: `${flag} has no effect: exec always listens on free ports of 127.0.0.1`,
    })
  t.notMatch(JSON.stringify(exec.configuration), /--listen-address|--port/)
  const { ended } = await start(t, 'exit 0', { PRISMACLOUD_PROXY_ADMIN_ADDRESS: '127.0.0.1:9081' })
  t.equal(await ended, 0, 'what other commands share is not')
})

t.test('a signal that comes just before the command is heeded', async t => {
  const { simulator, folder } = await start(t, 'exit 0')
  const out = join(folder, 'out')
  const env = { XDG_STATE_HOME: folder, PC_URL: simulator.url, ...KEY }
  const host = fakeHost({
    args: ['--', '/bin/sh', '-c', `: > ${out}`],
    // it is read when all but the command is there
    env: Object.defineProperty(env, 'NODE_EXTRA_CA_CERTS', { get: () => void host.signals.emit('SIGTERM') }),
  })
  t.equal(await exec.run(host), 143)
  t.notOk(existsSync(out))
})

t.test('what is unwise about the configuration is told', async t => {
  const { simulator, folder } = await start(t, 'exit 0')
  const file = join(folder, 'config.json')
  const tenant = { url: simulator.url, accessKeyId: USER.accessKeyId, secretKey: USER.secretKey }
  writeFileSync(file, JSON.stringify({ tenants: { default: tenant } }), { mode: 0o644 })
  const host = fakeHost({ args: ['--config', file, '--', '/bin/true'], env: { XDG_STATE_HOME: folder } })
  t.equal(await exec.run(host), 0)
  t.match(host.stderr.text, /"level":40.*can be read by other users/)
})

t.test('on Windows, where a console tells the command itself, it is not told twice', async t => {
  const script = `trap 'exit 5' HUP INT; : > $OUT; i=0; while [ $i -lt 10 ]; do sleep 0.05; i=$((i+1)); done; exit 6`
  const { ended, folder, host } = await start(t, script, {}, [], 'win32')
  await until(() => existsSync(join(folder, 'out')))
  for (const name of ['SIGINT', 'SIGBREAK', 'SIGHUP']) host.signals.emit(name)
  t.equal(await ended, 6)
  const { simulator } = await start(t, 'exit 0')
  const env = { XDG_STATE_HOME: folder, PC_URL: simulator.url, ...KEY }
  const missing = fakeHost({ args: ['--', 'npm-none'], env, system: 'win32' })
  t.equal(await exec.run(missing), 127)
  t.equal(
    missing.stderr.text,
    'exec: npm-none: command not found; run a .cmd or .bat file with cmd: exec -- cmd /c npm-none\n',
  )
})

t.test('what it is to do with errors of the upstream, and how loudly, can be said', async t => {
  const file = join(t.testdir({}), 'audit.log')
  const script = 'curl -sS -o $OUT -u x:$PC_SECRET "https://$PC_URL/alert/none"'
  const env = { PRISMACLOUD_PROXY_AUDIT_FILE: file, PRISMACLOUD_PROXY_LOG_LEVEL: 'trace' }
  const { ended, out, host } = await start(t, script, env)
  t.equal(await ended, 0)
  t.match(JSON.parse(out()), { status: 404, instance: '/alert/none' })
  t.match(JSON.parse(readFileSync(file, 'utf8')), { client: 'exec', path: '/alert/none' })
  t.match(host.stderr.text, /tenant default: session ready/)
  t.notMatch(host.stderr.text, 'alert/none')
})

t.test('at a terminal it speaks to a person', async t => {
  const { simulator, folder } = await start(t, 'exit 0')
  const env = { XDG_STATE_HOME: folder, PC_URL: simulator.url, PRISMACLOUD_PROXY_LOG_LEVEL: 'debug', ...KEY }
  const host = fakeHost({ args: ['--', '/bin/true'], env, isTTY: true })
  t.equal(await exec.run(host), 0)
  t.match(host.stderr.text, /tenant default: session ready/)
  t.notMatch(host.stderr.text, '{"')
})

t.test('no variable of the command holds a key or token that was read, by whatever name', async t => {
  const folder = t.testdir({ token: 'marked-token-of-a-client', id: 'marked-id-of-the-lazy', key: 'marked-key' })
  const simulator = await simulate(t)
  const command = [process.execPath, '-e', `console.log(${JSON.stringify(JSON.stringify(USER))})`]
  const lazy = {
    url: simulator.url,
    accessKeyIdFile: join(folder, 'id'),
    secretKeyFile: join(folder, 'key'),
    lazy: true,
  }
  const tenants = { default: { url: simulator.url, credentialCommand: command }, lazy }
  const file = join(folder, 'config.json')
  const config = { tenants, listen: { clientTokenFile: join(folder, 'token') }, audit: { file: null } }
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  const { accessKeyId, secretKey } = USER
  const env = {
    PATH: '/usr/bin:/bin',
    XDG_STATE_HOME: folder,
    OUT: join(folder, 'out'),
    PLAIN: 'stays',
    SECRET: secretKey,
    ARGUMENTS: `--id ${accessKeyId} --secret=${secretKey}`,
    BASIC: `Basic ${Buffer.from(`${accessKeyId}:${secretKey}`).toString('base64')}`,
    ID: accessKeyId,
    TOKEN: 'marked-token-of-a-client',
    LAZY_ID: 'marked-id-of-the-lazy',
    LAZY_KEY: encodeURIComponent('marked-key'),
  }
  const host = fakeHost({ args: ['--config', file, '--', '/bin/sh', '-c', 'env > $OUT'], env })
  t.equal(await exec.run(host), 0)
  const out = readFileSync(join(folder, 'out'), 'utf8')
  t.match(out, /^PLAIN=stays$/m)
  t.notMatch(out, /marked-|^BASIC=/m)
  const told =
    /not passed on, because they hold an access key or token: SECRET, ARGUMENTS, BASIC, ID, TOKEN, LAZY_ID, LAZY_KEY"/
  t.match(host.stderr.text, told)
})

t.test('where no CA can be kept, or none that is safe, the command has one of its own', async t => {
  const ask =
    'https.get("https://" + process.env.PC_URL + "/v2/policy", { auth: "x:" + process.env.PC_SECRET }, a => a.pipe(process.stdout))'
  const script = `"$NODE" -e '${ask}' > $OUT; echo $SSL_CERT_FILE >> $OUT`
  const NODE = process.execPath
  const stateless = await start(t, script, { XDG_STATE_HOME: '/dev/null/x', NODE })
  t.equal(await stateless.ended, 0)
  t.match(stateless.out(), /^\[\{"policyId"/)
  t.notOk(existsSync(dirname(/\S+trust\.pem/.exec(stateless.out())?.[0] ?? '/')), 'nothing is left')
  t.equal(stateless.host.stderr.text, '')
  const folder = join(newFolder(t), 'prismacloud-proxy')
  mkdirSync(folder)
  chmodSync(folder, 0o777)
  const unsafe = await start(t, script, { XDG_STATE_HOME: dirname(folder), NODE })
  t.equal(await unsafe.ended, 0)
  t.match(
    unsafe.host.stderr.text,
    /"level":40.*other users can write to it; chmod 700 it; using a temporary CA for this command/,
  )
  t.strictSame(readdirSync(folder), [])
})

t.test('what nohup started outlives its terminal, and so does the command', async t => {
  const script = ': > $OUT; i=0; while [ $i -lt 10 ]; do sleep 0.05; i=$((i+1)); done; exit 6'
  const { ended, folder, host } = await start(t, script)
  Object.assign(host, { hasTerminal: () => true })
  host.signals.emit('SIGHUP')
  await until(() => existsSync(join(folder, 'out')))
  host.signals.emit('SIGHUP')
  t.equal(await ended, 6)
})
