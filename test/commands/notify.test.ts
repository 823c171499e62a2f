import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { notifier } from '../../src/commands/systemd/notify.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { testClock } from '../support/clock.ts'
import { until } from '../support/until.ts'

/** A folder with a program in place of systemd's. The test with the real one is in test/tools. */
function folderWith(folder: string, script: string): string {
  const program = join(folder, 'systemd-notify')
  writeFileSync(program, `#!/bin/sh\n${script}\n`)
  chmodSync(program, 0o755)
  return folder
}

t.test('a notification is one call of the program, with nothing else in its environment', async t => {
  const folder = folderWith(
    t.testdir(),
    'printf "%s|" "$@" > "$(dirname "$0")/told"; export -p >> "$(dirname "$0")/told"',
  )
  const notify = notifier('@manager', `${folder}:${process.env.PATH}`, systemClock)
  await notify({ READY: 1, STATUS: 'Serving 1 tenant', MONOTONIC_USEC: 7n })
  const told = readFileSync(join(folder, 'told'), 'utf8')
  t.match(told, /^READY=1\|STATUS=Serving 1 tenant\|MONOTONIC_USEC=7\|/)
  t.match(told, 'NOTIFY_SOCKET')
  t.match(told, '@manager')
  t.notMatch(told, 'HOME')
})

t.test('why a notification was not sent is said', async t => {
  const failing = notifier(
    '/run/x',
    folderWith(t.testdir(), 'echo "Failed to notify: refused" >&2; exit 1'),
    systemClock,
  )
  await t.rejects(failing({ READY: 1 }), { message: 'systemd-notify (1): Failed to notify: refused' })
  const absent = notifier('/run/x', '/nonexistent', systemClock)
  await t.rejects(absent({ READY: 1 }), { message: 'systemd-notify: command not found' })
})

t.test('a program that hangs is killed after six seconds', async t => {
  const clock = testClock()
  const folder = folderWith(t.testdir(), 'echo $$ > "$(dirname "$0")/pid"; exec sleep 600')
  const hanging = t.rejects(notifier('/run/x', `${folder}:${process.env.PATH}`, clock)({ READY: 1 }), {
    message: 'systemd-notify: timed out after 6000 ms',
  })
  const pid = () => Number(readFileSync(join(folder, 'pid'), 'utf8'))
  await until(() => {
    try {
      return pid() > 0
    } catch {
      return false
    }
  })
  await clock.advance(6_100)
  await hanging
  await until(() => {
    try {
      return !process.kill(pid(), 0)
    } catch {
      return true
    }
  })
})
