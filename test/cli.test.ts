import { spawn } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { main } from '../src/cli.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { version } from '../src/kernel/product.ts'
import { DEMO_USER, startSimulator } from '../src/simulator/index.ts'
import { type FakeHostOptions, fakeHost } from './support/host.ts'

const SOURCE = join(import.meta.dirname, '..', 'src', 'cli.ts')
const COMMANDS = [
  'start',
  'exec',
  'check',
  'status',
  'requests',
  'health',
  'config',
  'stacks',
  'ca',
  'completion',
  'demo',
  'simulate',
]

/** Runs the program and gives what came of it. */
async function run(args: readonly string[], options: FakeHostOptions = {}) {
  const host = fakeHost({ ...options, args })
  const code = await main(host)
  return { code, stdout: host.stdout.text, stderr: host.stderr.text }
}

/**
 * Runs Node as a process of its own, with the loaders of this one, so that what it covers is counted. The code is the name
 * of the signal that it died of, if it did.
 */
async function node(...args: string[]) {
  const child = spawn(process.execPath, [...process.execArgv, ...args])
  const ended = new Promise(resolve => child.once('close', (code, signal) => resolve(code ?? signal)))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await ended, stdout, stderr }
}

/** Has the program serve a simulator, and gives its output once it was ended by a signal. */
async function serve(t: Test, ...args: string[]): Promise<string> {
  const simulator = await startSimulator({ clock: systemClock })
  t.teardown(() => simulator.close())
  const env = {
    PC_URL: simulator.url,
    PC_IDENTITY: DEMO_USER.accessKeyId,
    PC_SECRET: DEMO_USER.secretKey,
    PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0',
  }
  const host = fakeHost({ args, env })
  const running = main(host)
  await host.stdout.until(/ready in/)
  host.signals.emit('SIGTERM')
  t.equal(await running, 0)
  t.notOk(host.stdout.text.includes(DEMO_USER.secretKey))
  return host.stdout.text
}

t.test('without a command, or with flags before all else, it starts', async t => {
  t.match(await serve(t), 'listening at http://127.0.0.1')
  t.match(await serve(t, 'start'), 'listening at http://127.0.0.1')
  t.match(await serve(t, '--listen-address', 'localhost:0'), 'listening at http://localhost')
  t.match(await serve(t, 'start', '--listen-address', 'localhost:0'), 'listening at http://localhost')
})

t.test('what follows -- is another program’s, help included', async t => {
  t.match(await run(['exec', '--help']), { code: 0, stdout: /Usage: prismacloud-proxy exec/ })
  t.match(await run(['exec', '-h', '--', 'sh']), { code: 0, stdout: /Usage: prismacloud-proxy exec/ })
  t.match(await run(['exec', '--', 'sh', '--help']), { code: 2, stderr: /tenants: no access key/ })
})

t.test('it tells its version', async t => {
  t.same(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
  t.match(version, /^\d+\.\d+\.\d+/)
})

t.test('its help lists every command with what it does, in groups, aligned', async t => {
  const help = await run(['--help'])
  t.match(help, { code: 0, stderr: '', stdout: /^Usage: prismacloud-proxy \[COMMAND\] \[OPTIONS\]\n/ })
  t.match(help.stdout, `Run the proxy:\n  start       Start the proxy (the default)\n  exec        Run`)
  for (const name of COMMANDS) t.match(help.stdout, new RegExp(`^  ${name.padEnd(12)}[A-Z]`, 'm'))
  t.same(await run(['help']), help)
})

t.test('every command explains itself, whatever else is said', async t => {
  for (const name of COMMANDS) {
    const help = await run([name, '--help'])
    t.match(help, { code: 0, stderr: '', stdout: new RegExp(`^Usage: prismacloud-proxy \\[?${name}`) })
    t.same(await run([name, '--nonsense', '--help']), help)
    t.match(help.stdout, /\n$/)
  }
  t.same(await run(['--log-level', 'debug', '--help']), await run(['start', '--help']))
  t.same(await run(['-h']), await run(['--help']))
  t.same(await run(['check', '-h']), await run(['check', '--help']))
  t.match(await run(['stacks', 'find', '-h']), { code: 0, stdout: /^Usage: prismacloud-proxy stacks find / })
  const { stdout } = await run(['--log-level', 'debug', '--help', '--all'])
  t.match(stdout, '\nLog options:\n')
  t.match(await run(['start', '--all']), { code: 2, stderr: /^unknown flag --all/ })
})

t.test('a command that there is none of is told, with the nearest that there is', async t => {
  const rows = {
    strat: 'unknown command "strat"; did you mean "start"?\nSee "prismacloud-proxy --help".\n',
    Demo: 'unknown command "Demo"; did you mean "demo"?\nSee "prismacloud-proxy --help".\n',
    'make-coffee': 'unknown command "make-coffee"\nSee "prismacloud-proxy --help".\n',
    constructor: 'unknown command "constructor"\nSee "prismacloud-proxy --help".\n',
    '': 'unknown command ""\nSee "prismacloud-proxy --help".\n',
  }
  for (const [name, stderr] of Object.entries(rows)) t.same(await run([name]), { code: 2, stdout: '', stderr })
})

t.test('bad usage and a bad configuration end with 2 and the message alone', async t => {
  const env = { PC_IDENTITY: 'marked-identity', PC_SECRET: 'marked-secret', PC_URL: 'nowhere' }
  const usage = 'unknown flag --twice; did you mean --once?\nSee "prismacloud-proxy demo --help".\n'
  t.same(await run(['demo', '--twice']), { code: 2, stdout: '', stderr: usage })
  const { code, stdout, stderr } = await run(['--log-level', 'loud'], { env })
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(stderr, 'log.level')
  t.match(stderr, 'url')
  t.notMatch(stderr, /marked-| {4}at /)
})

t.test('an unexpected error ends with 1 and is told once, with the place', async t => {
  for (const [thrown, shown] of [
    [new Error('no space left'), /^prismacloud-proxy failed: Error: no space left\n +at /],
    ['no space left', /^prismacloud-proxy failed: no space left\n$/],
    [
      Object.assign(new Error('ENOSPC: no space left on device, write'), { syscall: 'write' }),
      /^prismacloud-proxy failed: ENOSPC: no space left on device, write\n$/,
    ],
    [
      new Error('no port is free', { cause: Object.assign(new Error(), { syscall: 'listen' }) }),
      /^prismacloud-proxy failed: no port is free\n$/,
    ],
  ] as const) {
    const host = fakeHost({ args: ['stacks'] })
    const write = () => {
      throw thrown
    }
    Object.assign(host.stdout, { write })
    t.equal(await main(host), 1)
    t.match(host.stderr.text, shown)
    t.equal(host.stderr.text.split('prismacloud-proxy failed').length, 2)
  }
})

t.test('as a process it takes its arguments and gives its exit code', async t => {
  t.same(await node(SOURCE, 'strat'), { code: 2, stdout: '', stderr: (await run(['strat'])).stderr })
})

t.test('as a process it tells of an error that nobody caught, and ends with 1', async t => {
  const thrower =
    "data:text/javascript,process.once('newListener',()=>setImmediate(()=>{throw new Error('unforeseen')}))"
  const { code, stderr } = await node('--import', thrower, SOURCE, 'simulate', '--port', '0')
  t.match(stderr, /^prismacloud-proxy failed: Error: unforeseen\n/)
  t.equal(code, 1)
})

t.test('as a process it ends at once when it is told to before it can do so in order', async t => {
  const early =
    "data:text/javascript,process.on('newListener',name=>{if(name==='SIGTERM')setImmediate(()=>process.kill(process.pid,name))})"
  const command = [process.execPath, '--eval', 'setTimeout(() => {}, 5_000)']
  const tenants = { default: { url: 'app2', credentialCommand: command } }
  const file = join(t.testdir({ 'config.json': JSON.stringify({ tenants }) }), 'config.json')
  // it has nothing to put in order, whenever the signal comes
  t.match(await node('--import', early, SOURCE, 'check', '--config', file), { code: 'SIGTERM', stderr: '' })
})

t.test('as a process it is not ended by SIGHUP, but by a closed terminal', async t => {
  const early =
    "data:text/javascript,process.on('newListener',name=>{if(name==='SIGHUP')setImmediate(()=>process.kill(process.pid,name))})"
  t.match(await node('--import', early, SOURCE, 'stacks'), { code: 0, stdout: /ADMIN CONSOLE/, stderr: '' })
})

t.test('as a process it closes an inspector that is open', async t => {
  const { code, stdout, stderr } = await node('--inspect=127.0.0.1:0', SOURCE, 'stacks', '--json')
  t.match(
    stderr,
    /\nwarning: the Node\.js inspector, through which anyone can read access keys, was open at 127\.0\.0\.1:\d+ and has been closed\n/,
  )
  t.equal(code, 0)
  t.ok(JSON.parse(stdout).length > 0)
})

t.test('as a process it goes on when the reader of its output has gone', async t => {
  const child = spawn(process.execPath, [...process.execArgv, SOURCE, '--version'])
  child.stdout.destroy() // so that its first word meets a broken pipe
  const ended = new Promise(resolve => child.once('close', resolve))
  t.equal(await text(child.stderr), '')
  t.equal(await ended, 0)
})

t.test('it runs through a symbolic link, as npm makes one', async t => {
  const link = join(t.testdir(), 'prismacloud-proxy')
  symlinkSync(SOURCE, link)
  t.same(await node(link, '--version'), { code: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('imported, it does nothing by itself', async t => {
  const code = `await import(${JSON.stringify(SOURCE)})`
  t.same(await node('--input-type=module', '--eval', code), { code: 0, stdout: '', stderr: '' })
})
