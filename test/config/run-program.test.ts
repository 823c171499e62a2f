import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { killPrograms, type ProgramBounds, runProgram } from '../../src/config/tenants/run-program.ts'
import { testClock } from '../support/clock.ts'
import { newFolder } from '../support/folder.ts'
import { until } from '../support/until.ts'

const BOUNDS: ProgramBounds = { deadline: 60_000, maxOutput: 64 * 1024 }

/** Runs a shell script, in which `$0` is a file for the pids of its children. */
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

/** Whether a process has ended, but its parent has not read its exit code yet. */
function isZombie(pid: number): boolean {
  const status = `/proc/${pid}/status`
  return existsSync(status) && /^State:\s+Z/m.test(readFileSync(status, 'utf8'))
}

t.test('the result of a program says how it ended and what it printed', async t => {
  const cases: [script: string, result: object][] = [
    ['echo out; echo err >&2', { end: 0, stdout: 'out\n', stderr: 'err\n' }],
    ['exit 7', { end: 7, stdout: '', stderr: '' }],
    ['kill -TERM $$', { end: 'SIGTERM' }],
    ['cat; echo "$?"', { end: 0, stdout: '0\n' }],
  ]
  for (const [script, result] of cases) t.match(await shell(t, script).ended, result, script)
})

t.test('background processes are not waited for, even if they keep the output open', async t => {
  const { ended, pid } = shell(t, 'sleep 600 & echo $! > "$0"; echo id; echo key')
  t.match(await ended, { end: 0, stdout: 'id\nkey\n' })
  t.ok(isAlive(await pid()))
})

t.test('everything that was printed before the end is in the result', async t => {
  for (let n = 0; n < 20; n++) {
    const { stdout } = await shell(t, 'sleep 600 & echo $! > "$0"; head -c 60000 /dev/zero | tr "\\0" x').ended
    t.equal(stdout.length, 60_000)
  }
})

t.test('a program that takes too long is killed with everything that it started', async t => {
  const { ended, pid, clock } = shell(t, 'trap "" TERM; sleep 600 & echo $! > "$0"; wait')
  const child = await pid()
  const refused = t.rejects(ended, { name: 'DeadlineError' })
  await clock.advance(BOUNDS.deadline)
  await refused
  await until(() => !isAlive(child))
})

t.test('a program is killed when its signal aborts, and not run if it has aborted', async t => {
  const leaving = new AbortController()
  const { ended, pid } = shell(t, 'sleep 600 & echo $! > "$0"; wait', { signal: leaving.signal })
  const child = await pid()
  leaving.abort(new Error('closed'))
  await t.rejects(ended, { message: 'closed' })
  await until(() => !isAlive(child))
  await t.rejects(shell(t, 'echo $$ > "$0"', { signal: leaving.signal }).ended, { message: 'closed' })
})

t.test('a program that prints endlessly is killed: at the limit of stdout, at the deadline for stderr', async t => {
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

t.test('no program outlives this process', async t => {
  const { ended, pid } = shell(t, 'sleep 600 & echo $! > "$0"; wait')
  const child = await pid()
  killPrograms()
  t.match(await ended, { end: 'SIGKILL' })
  await until(() => !isAlive(child))
})

t.test('without process groups, as on Windows, the program itself is killed', async t => {
  const { ended, pid, clock } = shell(t, 'echo $$ > "$0"; exec sleep 600', { system: 'win32' })
  const own = await pid()
  const refused = t.rejects(ended, { name: 'DeadlineError' })
  await clock.advance(BOUNDS.deadline)
  await refused
  await until(() => !isAlive(own))
})

t.test('a program that cannot be run rejects with the error of the system', async t => {
  const missing = t.rejects(runProgram('/none/such', [], BOUNDS), { code: 'ENOENT' })
  // nothing to kill
  killPrograms()
  await missing
  await t.rejects(runProgram('/etc/passwd', [], BOUNDS), { code: 'EACCES' })
})
