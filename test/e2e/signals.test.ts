import { writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { newFolder } from '../support/folder.ts'
import { run, startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

/** An inspector that is opened takes any free port, and Node.js says so on standard error. */
const INSPECTOR = '--inspect-port=127.0.0.1:0'
const OPENED = /Debugger listening/

/** Has a process sent a signal as soon as it listens for that, which is the earliest that it can do anything about. */
function early(t: Test, signal: string): string {
  const file = join(newFolder(t), 'early.cjs')
  const script = `
    process.on('newListener', name => {
      if (name === '${signal}') setImmediate(() => process.kill(process.pid, name))
    })`
  writeFileSync(file, script)
  return `${INSPECTOR} --require=${file}`
}

const START = ['start', '--listen-address', '127.0.0.1:0']

const commands: readonly [args: string[], works: RegExp][] = [
  [START, /ready in/],
  [['simulate', '--port', '0'], /secret key/],
  [['demo'], /try it yourself/],
  [['exec', '--', 'sh', '-c', 'trap : USR1 USR2; trap "exit 0" TERM; echo runs; while :; do sleep 0.05; done'], /runs/],
]

for (const [args, works] of commands) {
  t.test(`SIGUSR1 and SIGUSR2 neither open the inspector of ${args[0]} nor end it`, async t => {
    const simulator = await startSimulatorProcess(t, 600)
    const env = { ...credentials(simulator), XDG_STATE_HOME: newFolder(t), NODE_OPTIONS: INSPECTOR }
    const cli = startCli(t, args, env)
    await cli.until(works)
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGUSR1'] as const) cli.process.kill(signal)
    cli.process.kill('SIGTERM')
    t.equal(await cli.ended, 0)
    t.notMatch(cli.output(), OPENED)
  })
}

t.test('a signal that comes as early as can be does what it does later', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP']) {
    const cli = startCli(t, START, { ...credentials(simulator), NODE_OPTIONS: early(t, signal) })
    await cli.until(signal === 'SIGHUP' ? /configuration reloaded/ : /ready in/)
    await cli.until(/ready in/)
    cli.process.kill('SIGTERM')
    t.equal(await cli.ended, 0, signal)
    t.notMatch(cli.output(), OPENED)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) {
    for (const [args] of commands) {
      const env = { ...credentials(simulator), XDG_STATE_HOME: newFolder(t), NODE_OPTIONS: early(t, signal) }
      const cli = startCli(t, args, env)
      const ended = await cli.ended
      // Node.js tells of a signal between two turns of its loop, so a command that starts quickly may say something, or
      // end in order
      t.ok(ended === signal || ended === 0, `${signal} ${args[0]}: ${ended}`)
      t.notMatch(cli.output(), OPENED)
    }
  }
})

t.test('what is waited for at the start, such as a pipe without a writer, does not hold up the end', async t => {
  const pipe = join(newFolder(t), 'pipe')
  await run('mkfifo', [pipe])
  const cli = startCli(t, ['start', '--config', pipe])
  // it is being read when somebody can write to it
  const writer = await open(pipe, 'w')
  t.teardown(() => writer.close())
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 'SIGTERM')
})

t.test('an inspector that was opened already is closed before a secret is read', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const env = { ...credentials(simulator), NODE_OPTIONS: '--inspect=127.0.0.1:0' }
  const cli = startCli(t, START, env)
  const [, port] = await cli.until(/Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)/)
  await cli.until(/ready in/)
  t.match(
    cli.output(),
    `warning: the Node.js inspector, through which anyone can read access keys, was open at 127.0.0.1:${port}`,
  )
  await t.rejects(fetch(`http://127.0.0.1:${port}/json/list`), { cause: { code: 'ECONNREFUSED' } })
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
})
