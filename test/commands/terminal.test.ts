import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { devNull } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { hasTerminal } from '../../src/commands/terminal/signal.ts'
import { KEY, simulate } from './rig.ts'

const SOURCE = resolve(import.meta.dirname, '../../src/cli.ts')

/** A process of its own, with the loaders of this one, so that what it covers is counted. */
const NODE = [process.execPath, ...process.execArgv, SOURCE].map(word => `'${word}'`).join(' ')
const COMMAND = `echo "pid $$;"; exec ${NODE} --listen-address 127.0.0.1:0 --log-format json`

t.test('there is a terminal where its device can be opened', async t => {
  t.ok(hasTerminal(devNull))
  t.notOk(hasTerminal(join(t.testdir(), 'tty')))
})

t.test('as a process without a terminal it reads its configuration again on SIGHUP, and goes on', async t => {
  const { shows, pid, ended } = await start(t)
  await shows(/ready in/)
  process.kill(pid, 'SIGHUP')
  await shows(/configuration reloaded/)
  process.kill(pid, 'SIGTERM')
  t.strictSame(await ended, [0, null])
})

/** Starts a shell as the leader of its session, which keeps it from the terminal of whoever runs the tests. */
async function start(t: Test) {
  const { url } = await simulate(t)
  const child = spawn('sh', ['-c', COMMAND], { detached: true, env: { ...process.env, ...KEY, PC_URL: url } })
  let output = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  const shows = async (pattern: RegExp) => {
    while (!pattern.test(output)) await once(child.stdout, 'data')
    return pattern.exec(output)?.[1]
  }
  const ended = once(child, 'close')
  const pid = Number(await shows(/pid (\d+);/))
  t.teardown(() => {
    if (child.exitCode === null) process.kill(pid, 'SIGKILL')
  })
  return { pid, ended, shows }
}
