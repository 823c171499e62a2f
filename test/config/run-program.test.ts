import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { killPrograms, type ProgramBounds, runProgram } from '../../src/config/tenants/run-program.ts'
import { testClock } from '../support/clock.ts'
import { newFolder } from '../support/folder.ts'
import { until } from '../support/until.ts'

const BOUNDS: ProgramBounds = { deadline: 60_000, maxOutput: 64 * 1024 }

/** Runs a script of the shell. `$0` is a file for it to write the pids of its own children to. */
function shell(t: Test, script: string, bounds: Partial<ProgramBounds> = {}) {
  const file = join(newFolder(t), 'pid')
  const written = () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n')
  const clock = testClock()
  const pid = async () => {
    await until(written)
    const found = Number(readFileSync(file, 'utf8'))
    t.teardown(() => isAlive(found) && process.kill(found, 'SIGKILL'))
    return found
  }
  return { ended: runProgram('sh', ['-c', script, file], { ...BOUNDS, clock, ...bounds }), pid, clock }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !isZombie(pid)
  } catch {
    return false
  }
}

/** Whether it has ended, and nobody has asked for its exit code yet. */
function isZombie(pid: number): boolean {
  const status = `/proc/${pid}/status`
  return existsSync(status) && /^State:\s+Z/m.test(readFileSync(status, 'utf8'))
}

t.test('a program ends with what it printed, and how', async t => {
  const cases: [script: string, result: object][] = [
    ['echo out; echo err >&2', { end: 0, stdout: 'out\n', stderr: 'err\n' }],
    ['exit 7', { end: 7, stdout: '', stderr: '' }],
    ['kill -TERM $$', { end: 'SIGTERM' }],
    ['cat; echo "$?"', { end: 0, stdout: '0\n' }],
  ]
  for (const [script, result] of cases) t.match(await shell(t, script).ended, result, script)
})

t.test('what it leaves running is not waited for, though that keeps the output open', async t => {
  const { ended, pid } = shell(t, 'sleep 600 & echo $! > "$0"; echo id; echo key')
  t.match(await ended, { end: 0, stdout: 'id\nkey\n' })
  t.ok(isAlive(await pid()))
})

t.test('nothing that was printed before the end is missing', async t => {
  for (let n = 0; n < 20; n++) {
    const { stdout } = await shell(t, 'sleep 600 & echo $! > "$0"; head -c 60000 /dev/zero | tr "\\0" x').ended
    t.equal(stdout.length, 60_000)
  }
})

t.test('one that takes too long is killed with all that it started', async t => {
  const { ended, pid, clock } = shell(t, 'trap "" TERM; sleep 600 & echo $! > "$0"; wait')
  const child = await pid()
  const refused = t.rejects(ended, { name: 'DeadlineError' })
  await clock.advance(BOUNDS.deadline)
  await refused
  await until(() => !isAlive(child))
})

t.test('so is one that nobody waits for any more, and one that is asked for too late is not run', async t => {
  const leaving = new AbortController()
  const { ended, pid } = shell(t, 'sleep 600 & echo $! > "$0"; wait', { signal: leaving.signal })
  const child = await pid()
  leaving.abort(new Error('closed'))
  await t.rejects(ended, { message: 'closed' })
  await until(() => !isAlive(child))
  await t.rejects(shell(t, 'echo $$ > "$0"', { signal: leaving.signal }).ended, { message: 'closed' })
})

t.test('one that prints without end is killed, or in the end, where nobody reads it', async t => {
  const print = 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'
  const { end, stdout } = await shell(t, print, { maxOutput: 1000 }).ended
  t.strictSame([end, stdout.length], ['too-much', 1000])
  const unread = shell(t, `echo $$ > "$0"; (${print}) >&2`)
  const own = await unread.pid()
  const refused = t.rejects(unread.ended, { name: 'DeadlineError' })
  await unread.clock.advance(BOUNDS.deadline)
  await refused
  await until(() => !isAlive(own))
})

t.test('none outlives this process', async t => {
  const { ended, pid } = shell(t, 'sleep 600 & echo $! > "$0"; wait')
  const child = await pid()
  killPrograms()
  t.match(await ended, { end: 'SIGKILL' })
  await until(() => !isAlive(child))
})

t.test('where there are no groups, as on Windows, the program itself is killed', async t => {
  const { ended, pid, clock } = shell(t, 'echo $$ > "$0"; exec sleep 600', { system: 'win32' })
  const own = await pid()
  const refused = t.rejects(ended, { name: 'DeadlineError' })
  await clock.advance(BOUNDS.deadline)
  await refused
  await until(() => !isAlive(own))
})

t.test('what cannot be run is told by the system’s own word', async t => {
  const missing = t.rejects(runProgram('/none/such', [], BOUNDS), { code: 'ENOENT' })
  // there is nothing to kill
  killPrograms()
  await missing
  await t.rejects(runProgram('/etc/passwd', [], BOUNDS), { code: 'EACCES' })
})
