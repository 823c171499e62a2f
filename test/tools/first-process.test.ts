import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { follow, run, spawnBare } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

const BINARY = resolve(import.meta.dirname, '../../dist/cli.js')

/** Since Node.js 22.15 a process can have another program take its place. */
const canBeReplaced = 'execve' in process

/** As process 1 of a namespace of its own, as in a container. */
async function execAsFirst(t: Test, script: string) {
  const env = { ...credentials(await startSimulatorProcess(t, 600)), XDG_STATE_HOME: join(t.testdir({}), 'state') }
  const inside = ['--pid', '--fork', '--mount-proc', '--kill-child', process.execPath, BINARY]
  return follow(t, spawnBare('unshare', [...inside, 'exec', '--', 'sh', '-c', script], env))
}

t.test('as process 1, exec leaves no zombies, or warns that it does', async t => {
  // it is started by a shell that ends before it
  const orphan = "pid=$(sh -c 'sleep 0.1 >/dev/null & echo $!')"
  const isGone = '[ ! -e /proc/$pid ]'
  const isZombie = 'grep -q "^State:.Z" /proc/$pid/status'
  const cli = await execAsFirst(t, `${orphan}; until ${canBeReplaced ? isGone : isZombie}; do sleep 0.05; done; exit 5`)
  t.equal(await cli.ended, 5)
  t.equal(/run the container with an init/.test(cli.output()), !canBeReplaced)
})

t.test('as process 1, exec passes signals on and has the command’s exit code', async t => {
  const cli = await execAsFirst(t, 'trap "exit 9" TERM; echo on; while :; do sleep 0.05; done')
  await cli.until(/^on$/m)
  // unshare itself passes nothing on
  const { stdout } = await run('pgrep', ['-P', `${cli.process.pid}`])
  process.kill(Number(stdout), 'SIGTERM')
  t.equal(await cli.ended, 9)
})
