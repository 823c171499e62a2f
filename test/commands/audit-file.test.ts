import { readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openAuditFile } from '../../src/commands/audit-file.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createLog } from '../../src/kernel/log.ts'
import { fakeHost } from '../support/host.ts'
import { call } from '../support/http.ts'
import { until } from '../support/until.ts'
import { run, simulate } from './rig.ts'

function open(path: string) {
  const host = fakeHost()
  return { host, file: openAuditFile(path, host, createLog('info', host.stdout, systemClock)) }
}

t.test('lines are appended to what is there, for the owner’s eyes', async t => {
  const path = join(t.testdir({ old: 'before\n' }), 'old')
  const { file } = open(path)
  file.write('after\n')
  file.close()
  t.equal(readFileSync(path, 'utf8'), 'before\nafter\n')
  const fresh = join(t.testdir(), 'new')
  open(fresh).file.close()
  t.equal(statSync(fresh).mode & 0o777, 0o600)
})

t.test('SIGUSR2 has what was moved away opened anew, and loses no line', async t => {
  const path = join(t.testdir(), 'audit')
  const { file, host } = open(path)
  file.write('one\n')
  renameSync(path, `${path}.1`)
  host.signals.emit('SIGUSR2')
  file.write('two\n')
  file.close()
  t.equal(readFileSync(`${path}.1`, 'utf8'), 'one\n')
  t.equal(readFileSync(path, 'utf8'), 'two\n')
})

t.test('a disk that is full is told in the log', async t => {
  const { file, host } = open('/dev/full')
  file.write('one\n')
  await until(() => host.stdout.text.includes('ENOSPC'))
  t.match(host.stdout.text, /the audit cannot be written to \/dev\/full: ENOSPC/)
})

t.test('start writes it, and does not start where it cannot', async t => {
  const { url } = await simulate(t)
  const path = join(t.testdir(), 'audit')
  const running = run(t, { PC_URL: url, PRISMACLOUD_PROXY_AUDIT_FILE: path })
  t.equal((await call(await running.listening(), '/v2/policy')).status, 200)
  running.host.signals.emit('SIGTERM')
  t.equal(await running.ended(), 0)
  t.match(readFileSync(path, 'utf8'), /^\{.*"path":"\/v2\/policy","status":200.*\}\n$/)
  const refused = run(t, { PC_URL: url, PRISMACLOUD_PROXY_AUDIT_FILE: join(path, 'below', 'a-file') })
  t.equal(await refused.ended(), 1)
  t.match(refused.host.stderr.text, /^audit\.file: \S+ cannot be written \(ENOTDIR\)\. Name a file/)
})
