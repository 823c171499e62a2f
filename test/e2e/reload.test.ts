import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/kernel/clock.ts'
import { DEMO_USER, type SimulatorUser, startSimulator } from '../../src/simulator/index.ts'
import { newFolder } from '../support/folder.ts'
import { callUrl } from '../support/http.ts'
import { type RunningCli, startCli } from '../support/process.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const OLD = { ...DEMO_USER, secretKey: 'marked-old-secret' }
const NEW = { ...DEMO_USER, secretKey: 'marked-new-secret' }
const SECRETS = /marked-|eyJ/

/** A simulator that knows both keys, and a proxy that reads its key from a file. */
async function startPair(t: Test, keyFile: string) {
  const users: SimulatorUser[] = [OLD, NEW]
  const simulator = await startSimulator({ clock: systemClock, users })
  t.teardown(() => simulator.close())
  const tenant = { url: simulator.url, accessKeyId: OLD.accessKeyId, secretKeyFile: keyFile }
  const file = join(newFolder(t), 'config.yaml')
  const write = (tenants: Readonly<Record<string, unknown>>) =>
    writeFileSync(
      file,
      JSON.stringify({
        listen: { address: '127.0.0.1:0' },
        defaultTenant: 'main',
        tenants: { main: tenant, ...tenants },
      }),
    )
  write({})
  const cli = startCli(t, ['--config', file])
  const [, proxy = ''] = await cli.until(/listening at (http:\S+?)"/)
  await cli.until(/"ready in/)
  return { users, simulator, cli, proxy, file, tenant, write }
}

/** Sends one request after the other until the log matches, and gives the statuses of all. */
async function askUntil({ cli, proxy }: { readonly cli: RunningCli; readonly proxy: string }, pattern: RegExp) {
  const statuses = new Set<number>()
  while (!pattern.test(cli.output())) statuses.add((await callUrl(`${proxy}/v2/policy`)).status)
  return [...statuses]
}

/** The log's line that matches. */
async function lineOf(cli: RunningCli, pattern: RegExp): Promise<{ level: number; msg: string }> {
  await cli.until(new RegExp(`${pattern.source}.*\n`))
  const lines = cli.output().trimEnd().split('\n')
  return JSON.parse(lines.findLast(line => pattern.test(line)) ?? '')
}

/** Ends it; what it told holds no secret. */
async function end(t: Test, cli: RunningCli): Promise<void> {
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
  t.notMatch(cli.output(), SECRETS)
}

t.test('SIGHUP reads the configuration again, and a running request does not notice', async t => {
  const key = join(newFolder(t), 'key')
  writeFileSync(key, OLD.secretKey)
  const pair = await startPair(t, key)
  const upstream = await rawUpstream(t, () => {})
  const { cli, proxy, write, tenant, file } = pair
  const askOther = () => callUrl(`${proxy}/v2/policy`, { headers: { 'x-prismacloud-tenant': 'other' } })
  t.equal((await askOther()).status, 404)
  write({ other: { ...tenant, url: upstream.url } })
  cli.process.kill('SIGHUP')
  await cli.until(/tenant other: session ready/)
  const running = askOther()
  await until(() => upstream.requests.length === 1)

  await t.test('a file that cannot be used is told, and changes nothing', async t => {
    writeFileSync(file, 'listen: {address: 127.0.0.1:1}\ntenants: [')
    cli.process.kill('SIGHUP')
    const line = await lineOf(cli, /still using the previous one/)
    t.match(line, { level: 50, msg: /config\.yaml:\d+\): invalid YAML: / })
    t.equal((await callUrl(`${proxy}/v2/policy`)).status, 200)
  })

  write({})
  cli.process.kill('SIGHUP')
  await cli.until(/configuration reloaded"[\s\S]*configuration reloaded"/)
  t.equal((await askOther()).status, 404)
  upstream.requests[0]?.answer(http('200 OK', [], 'late'))
  t.match(await running, { status: 200, text: 'late' })
  await end(t, cli)
})

/** A key in a file, and how another takes its place. */
const files = {
  'by a rename': (directory: string) => {
    const key = join(directory, 'key')
    writeFileSync(key, OLD.secretKey)
    const replace = (secretKey: string) => {
      writeFileSync(`${key}.new`, secretKey)
      renameSync(`${key}.new`, key)
    }
    return { key, replace }
  },
  // as the kubelet does it (AtomicWriter)
  'by the swapped link of a Kubernetes secret': (directory: string) => {
    let version = 0
    const replace = (secretKey: string) => {
      const folder = `..2026_${++version}`
      mkdirSync(join(directory, folder))
      writeFileSync(join(directory, folder, 'key'), secretKey)
      symlinkSync(folder, join(directory, '..data_tmp'))
      renameSync(join(directory, '..data_tmp'), join(directory, '..data'))
      rmSync(join(directory, `..2026_${version - 1}`), { recursive: true, force: true })
    }
    replace(OLD.secretKey)
    symlinkSync(join('..data', 'key'), join(directory, 'key'))
    return { key: join(directory, 'key'), replace }
  },
}

for (const [name, make] of Object.entries(files)) {
  t.test(`a key that is replaced ${name} is used without being told of it`, async t => {
    const { key, replace } = make(newFolder(t))
    const pair = await startPair(t, key)
    const { simulator, users, cli, proxy } = pair

    await t.test('a bad one is told as an error, and requests go on', async t => {
      replace('marked-wrong-secret')
      t.strictSame(await askUntil(pair, /the new access key was rejected; still using the previous session/), [200])
      const line = await lineOf(cli, /the new access key was rejected; still using the previous session/)
      t.match(line, { level: 50, msg: /invalid_credentials/ })
      t.equal((await callUrl(`${proxy}/v2/policy`)).status, 200)
    })

    await t.test('a good one takes over, and requests go on', async t => {
      replace(NEW.secretKey)
      t.strictSame(await askUntil(pair, /new access key accepted/), [200])
      users.shift()
      simulator.revokeAll()
      t.equal((await callUrl(`${proxy}/v2/policy`)).status, 200, 'by a login with the new key')
    })
    await end(t, cli)
  })
}
