import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { curl, run, spawnBare } from '../support/process.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const BINARY = resolve(import.meta.dirname, '../../dist/cli.js')

/** What is typed; `script` (of util-linux, which Debian always has) gives it a terminal. */
const COMMAND = 'echo "pid $$;"; exec "$NODE" "$BINARY" --config "$FILE"'

const linux = { skip: process.platform !== 'linux' && 'other systems have another script(1)' }

/** A proxy in a terminal of its own. */
async function startInTerminal(t: Test, url: string) {
  const file = join(t.testdir(), 'config.yaml')
  const tenant = { url, accessKeyId: 'an-id', secretKey: 'a-key' }
  const write = (...names: string[]) => {
    const tenants = Object.fromEntries(names.map(name => [name, tenant]))
    writeFileSync(file, JSON.stringify({ listen: { address: '127.0.0.1:0' }, defaultTenant: 'main', tenants }))
  }
  write('main')
  const env = { NODE: process.execPath, BINARY, FILE: file, SHELL: '/bin/sh' }
  const terminal = spawnBare('script', ['-qfec', COMMAND, '/dev/null'], env)
  let screen = ''
  terminal.stdout.on('data', chunk => {
    screen += chunk
  })
  const shows = async (pattern: RegExp) => {
    while (!pattern.test(screen)) await once(terminal.stdout, 'data')
    return `${pattern.exec(screen)?.[1]}`
  }
  const pid = Number(await shows(/pid (\d+);/))
  t.teardown(async () => {
    terminal.kill('SIGKILL')
    if (await isRunning(pid)) process.kill(pid, 'SIGKILL')
  })
  return { pid, terminal, shows, write, proxy: await shows(/curl (http:\S+)\/v2\/policy/) }
}

/** One that has ended may be listed until somebody asks for its exit code. */
async function isRunning(pid: number): Promise<boolean> {
  const { stdout } = await run('ps', ['-o', 'stat=', '-p', `${pid}`]).catch(() => ({ stdout: '' }))
  return /^[^Z\s]/.test(stdout)
}

t.test('a terminal that is closed ends the proxy in it, once the running requests have finished', linux, async t => {
  const upstream = await rawUpstream(t, () => {})
  const { pid, terminal, proxy } = await startInTerminal(t, upstream.url)
  const running = curl(`${proxy}/v2/policy`)
  await until(() => upstream.requests.length === 1)
  terminal.kill('SIGKILL')
  await until(() =>
    curl(`${proxy}/_proxy/livez`).then(
      () => false,
      () => true,
    ),
  )
  t.ok(await isRunning(pid), 'it accepts nothing any more, but has something to finish')
  upstream.requests[0]?.answer(http('200 OK', [], 'late'))
  t.match(await running, { status: 200, body: 'late', headers: { connection: 'close' } })
  await until(async () => !(await isRunning(pid)))
})

t.test('SIGHUP while the terminal is there reads the configuration again', linux, async t => {
  const upstream = await rawUpstream(t, ({ answer }) => answer(http('200 OK', [], 'good')))
  const { pid, proxy, write, shows } = await startInTerminal(t, upstream.url)
  write('main', 'other')
  process.kill(pid, 'SIGHUP')
  await shows(/the configuration was read again/)
  await shows(/session of other is ready/)
  t.match(await curl('-H', 'x-prismacloud-tenant: other', `${proxy}/v2/policy`), { status: 200, body: 'good' })
  t.ok(await isRunning(pid))
})
