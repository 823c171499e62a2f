import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { callUrl } from '../support/http.ts'
import { follow, spawnBare } from '../support/process.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const BINARY = resolve(import.meta.dirname, '../../dist/cli.js')

/** What is typed; `script` gives it a terminal. */
const COMMAND = 'echo "pid $$;"; exec "$NODE" "$BINARY" --config "$FILE"'

/** The same in the background, to outlive the terminal. */
const IN_BACKGROUND = 'nohup "$NODE" "$BINARY" --config "$FILE" >"$OUT" 2>&1 & echo "pid $!;"; sleep 600'

/** A proxy in a terminal of its own. */
async function startInTerminal(t: Test, url: string, more: Readonly<Record<string, string>> = {}) {
  const file = join(t.testdir(), 'config.yaml')
  const tenant = { url, accessKeyId: 'an-id', secretKey: 'a-key' }
  const write = (...names: string[]) => {
    const tenants = Object.fromEntries(names.map(name => [name, tenant]))
    const config = { listen: { address: '127.0.0.1:0' }, defaultTenant: 'main', tenants }
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  }
  write('main')
  const env = { NODE: process.execPath, BINARY, FILE: file, SHELL: '/bin/sh', ...more }
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
    if (isRunning(pid)) process.kill(pid, 'SIGKILL')
  })
  return { pid, terminal, shows, write, proxy: await shows(/curl (http:\S+)\/v2\/policy/) }
}

/** One that has ended may be listed, as a zombie, until somebody asks for its exit code (proc_pid_stat(5)). */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

t.test('a terminal that is closed ends the proxy in it, once the running requests have finished', async t => {
  const upstream = await rawUpstream(t, () => {})
  const { pid, terminal, proxy } = await startInTerminal(t, upstream.url)
  const running = callUrl(`${proxy}/v2/policy`)
  await until(() => upstream.requests.length === 1)
  terminal.kill('SIGKILL')
  await until(() =>
    callUrl(`${proxy}/_proxy/livez`).then(
      () => false,
      () => true,
    ),
  )
  t.ok(isRunning(pid), 'it accepts nothing any more, but has something to finish')
  upstream.requests[0]?.answer(http('200 OK', [], 'late'))
  t.match(await running, { status: 200, text: 'late', headers: { connection: 'close' } })
  await until(() => !isRunning(pid))
})

t.test('SIGHUP while the terminal is there reads the configuration again', async t => {
  const upstream = await rawUpstream(t, ({ answer }) => answer(http('200 OK', [], 'good')))
  const { pid, proxy, write, shows } = await startInTerminal(t, upstream.url)
  write('main', 'other')
  process.kill(pid, 'SIGHUP')
  await shows(/configuration reloaded/)
  await shows(/tenant other: session ready/)
  const reply = await callUrl(`${proxy}/v2/policy`, { headers: { 'x-prismacloud-tenant': 'other' } })
  t.match(reply, { status: 200, text: 'good' })
  t.ok(isRunning(pid))
})

t.test('what nohup started goes on when its terminal is closed, and reads its configuration again', async t => {
  const upstream = await rawUpstream(t, ({ answer }) => answer(http('200 OK', [], 'good')))
  const folder = t.testdir({})
  const [file, out] = [join(folder, 'config.json'), join(folder, 'out')]
  const tenants = { main: { url: upstream.url, accessKeyId: 'an-id', secretKey: 'a-key' } }
  writeFileSync(file, JSON.stringify({ listen: { address: '127.0.0.1:0' }, tenants }), { mode: 0o600 })
  const env = { NODE: process.execPath, BINARY, FILE: file, OUT: out, SHELL: '/bin/sh' }
  const terminal = follow(t, spawnBare('script', ['-qfec', IN_BACKGROUND, '/dev/null'], env))
  const pid = Number((await terminal.until(/pid (\d+);/))[1])
  t.teardown(() => isRunning(pid) && process.kill(pid, 'SIGKILL'))
  // the shell in the background makes the file after the one in front has told its pid
  const logged = (pattern: RegExp) => (existsSync(out) ? pattern.exec(readFileSync(out, 'utf8')) : null)
  await until(() => logged(/ready in/) !== null)
  const [, proxy] = logged(/listening at (http:\S+?)"/) ?? []
  terminal.process.kill('SIGKILL')
  await until(() => logged(/configuration reloaded/) !== null)
  t.match(await callUrl(`${proxy}/v2/policy`), { status: 200, text: 'good' })
})

t.test('nothing that is logged tears the lines about the start, and NO_COLOR holds for all of them', async t => {
  const upstream = await rawUpstream(t, ({ answer }) => answer(http('200 OK', [], 'good')))
  for (const env of [{}, { NO_COLOR: 'yes' }] as const) {
    const { shows } = await startInTerminal(t, upstream.url, env)
    const start = /prismacloud-proxy[\s\S]*tenant main: session ready[^\n]*\n/
    await shows(start)
    const screen = await shows(/^([\s\S]*)/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told is looked at
    const plain = screen.replace(/\u001b\[\d+m/g, '')
    t.match(
      plain,
      /\n {2}tenant .*\r\n {2}address .*\r\n {2}page .*\r\n {2}try .*\r\n {2}ready .*\r\n\[\d\d:\d\d:\d\d\] INFO: tenant main: /,
    )
    t.equal(plain === screen, 'NO_COLOR' in env)
  }
})
