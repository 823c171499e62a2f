import { chmodSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import type { Output } from '../../src/commands/host.ts'
import { AuditFile } from '../../src/commands/serve/audit-file.ts'
import { createLog } from '../../src/kernel/log.ts'
import { testClock } from '../support/clock.ts'
import { newFolder } from '../support/folder.ts'
import { fakeHost } from '../support/host.ts'
import { call } from '../support/http.ts'
import { logged, run, simulate } from './rig.ts'

function open(path: string, stdout?: Output) {
  const clock = testClock()
  const host = fakeHost()
  const log = createLog('info', host.stderr, clock)
  const file = new AuditFile(path, { ...host, stdout: stdout ?? host.stdout }, log, clock)
  /** What was logged since the last time. */
  let seen = 0
  const told = () => {
    const all = host.stderr.text === '' ? [] : logged(host.stderr.text).map(({ msg }) => msg)
    const before = seen
    seen = all.length
    return all.slice(before)
  }
  return { host, file, clock, told }
}

const newPath = (t: Test) => join(newFolder(t), 'audit')

t.test('lines are written together, or at once where that is asked for, and at the end', async t => {
  const path = newPath(t)
  const { file, clock } = open(path)
  const written = () => readFileSync(path, 'utf8')
  file.write('one\n')
  file.write('two\n')
  t.equal(written(), '')
  await clock.advance(20)
  t.equal(written(), 'one\ntwo\n')
  file.write('three\n')
  t.equal(file.writeNow('four\n'), true)
  t.equal(written(), 'one\ntwo\nthree\nfour\n', 'in their order')
  file.write('five\n')
  file.close()
  t.match(written(), /five\n$/)
  t.equal(file.lost, 0)
})

t.test('SIGUSR1 and SIGUSR2 have what was moved away opened anew, and lose no line', async t => {
  const path = newPath(t)
  const { file, host } = open(path)
  file.write('one\n')
  renameSync(path, `${path}.1`)
  host.signals.emit('SIGUSR2')
  file.write('two\n')
  renameSync(path, `${path}.2`)
  host.signals.emit('SIGUSR1')
  file.write('three\n')
  file.close()
  const files = [`${path}.1`, `${path}.2`, path].map(each => readFileSync(each, 'utf8'))
  t.strictSame(files, ['one\n', 'two\n', 'three\n'])
})

t.test('where it cannot be opened anew, it goes on in the file that was open, and says so', async t => {
  const folder = join(newFolder(t), 'logs')
  mkdirSync(folder)
  const path = join(folder, 'audit')
  const { file, host, told } = open(path)
  const reopen = (line: string) => {
    host.signals.emit('SIGUSR2')
    t.equal(file.writeNow(line), true)
  }
  renameSync(folder, `${folder}.1`)
  reopen('one\n')
  t.match(told(), [/^audit\.file: cannot write to \S+ \(ENOENT\); .*; still writing to the file that is open$/])
  mkdirSync(path, { recursive: true })
  reopen('two\n')
  t.match(told(), [/^audit\.file: \S+ is a folder; .*; still writing/])
  rmdirSync(path)
  writeFileSync(path, '')
  chmodSync(path, 0o622)
  reopen('three\n')
  file.close()
  t.equal(readFileSync(join(`${folder}.1`, 'audit'), 'utf8'), 'one\ntwo\nthree\n')
})

t.test('that lines are lost is told once, then once a minute', async t => {
  const { file, clock, told } = open('/dev/full')
  t.match(told(), [/^audit\.file: \/dev\/full is a device/])
  file.write('one\ntwo\n')
  await clock.advance(20)
  t.equal(file.writeNow('three\n'), false)
  t.equal(file.lost, 3)
  t.match(told(), [/^audit lines are lost: cannot write to \/dev\/full: ENOSPC$/])
  await clock.advance(59_000)
  file.writeNow('four\n')
  t.strictSame(told(), [])
  await clock.advance(1_000)
  file.writeNow('five\n')
  t.equal(told().length, 1)
  t.equal(file.lost, 5)
  file.close()
})

/** A stream that nobody reads until the test lets it go on. */
class Stalled extends Writable {
  text = ''
  goOn: (error?: Error) => void = () => {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.text += chunk
    this.goOn = done
  }
}

t.test('the streams of the process are written to as they are, and no more is kept for who does not read', async t => {
  const stdout = new Stalled()
  const { file, told, host } = open('/dev/stdout', stdout)
  const long = `${'x'.repeat(1024 * 1024)}\n`
  t.equal(file.writeNow(long), true)
  t.equal(file.writeNow('lost\n'), false)
  t.match(told(), [/cannot write to \/dev\/stdout: its reader does not keep up$/])
  stdout.goOn()
  t.equal(file.writeNow('two\n'), true)
  t.match(told(), ['the audit is written to /dev/stdout again'])
  t.equal(stdout.text, `${long}two\n`)
  host.signals.emit('SIGUSR2')
  stdout.goOn()
  file.write('three\n')
  file.close()
  t.match(stdout.text, /three\n$/)
  for (const path of ['/dev/stderr', '/dev/fd/2', '/proc/self/fd/2', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']) {
    const { file, host } = open(path)
    file.writeNow('four\n')
    file.close()
    t.equal(/err|2/.test(path) ? host.stderr.text : host.stdout.text, 'four\n', path)
  }
})

t.test('a stream that breaks loses lines', async t => {
  const stdout = new Stalled()
  stdout.on('error', () => {})
  const { file, told } = open('/dev/stdout', stdout)
  t.equal(file.writeNow('one\n'), true)
  stdout.goOn(new Error('EPIPE'))
  await new Promise(resolve => stdout.once('close', resolve))
  t.equal(file.lost, 1)
  t.match(told(), [/cannot write to \/dev\/stdout: EPIPE$/])
  t.equal(file.writeNow('two\n'), false)
  t.equal(file.lost, 2)
  file.close()
})

t.test('start writes it, and does not start where it cannot', async t => {
  const { url } = await simulate(t)
  const path = newPath(t)
  const running = run(t, { PC_URL: url, PRISMACLOUD_PROXY_AUDIT_FILE: path })
  t.equal((await call(await running.listening(), '/v2/policy')).status, 200)
  running.host.signals.emit('SIGTERM')
  t.equal(await running.ended(), 0)
  t.match(readFileSync(path, 'utf8'), /^\{.*"path":"\/v2\/policy",.*"status":200.*\}\n$/)
  const refused = run(t, { PC_URL: url, PRISMACLOUD_PROXY_AUDIT_FILE: join(path, 'below', 'a-file') })
  t.equal(await refused.ended(), 1)
  t.match(
    refused.host.stderr.text,
    /^audit\.file: cannot write to \S+ \(ENOTDIR\); choose a file in a folder that you can write to\n$/,
  )
})

t.test('what is lost is counted in the metrics, and what must be recorded is refused', async t => {
  const { url } = await simulate(t)
  const env = { PC_URL: url, PRISMACLOUD_PROXY_AUDIT_FILE: '/dev/full', PRISMACLOUD_PROXY_AUDIT_REQUIRED: 'true' }
  const running = run(t, env)
  const port = await running.listening()
  const refused = await call(port, '/v2/policy')
  t.match(refused.json(), { type: '/_proxy/problems/audit-unavailable', status: 503, retryable: true })
  t.equal(refused.headers['retry-after'], '1')
  const { text } = await call(port, '/_proxy/metrics')
  t.match(
    text,
    /# TYPE prismacloud_proxy_audit_lines_lost_total counter\nprismacloud_proxy_audit_lines_lost_total [12]\n/,
  )
  t.equal((await call(port, '/_proxy/livez')).status, 200, 'its own paths are not recorded')
})
