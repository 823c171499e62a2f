import { once } from 'node:events'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Crew } from '../../src/commands/demo/crew.ts'
import { TourClient } from '../../src/commands/demo/tour-client.ts'
import { demo, demoCommand } from '../../src/commands/demo.ts'
import { startSimulator } from '../../src/simulator/index.ts'
import { testClock } from '../support/clock.ts'
import { newFolder } from '../support/folder.ts'
import { fakeHost } from '../support/host.ts'
import { until } from '../support/until.ts'

const STEPS = 6

const FAKE = join(import.meta.dirname, '../support/fake-fleet.js')

/** The demo with fakes in place of proxies; `before` precedes the command's name. */
function fakeDemo(...before: readonly string[]) {
  return demoCommand(startSimulator, [process.execPath, FAKE, ...before])
}

/** A PATH with a redis-server that runs a line of shell, the fake by default. */
function pathWith(t: Test, line = `exec '${process.execPath}' '${FAKE}' "$@"`): string {
  const folder = newFolder(t)
  const file = join(folder, 'redis-server')
  writeFileSync(file, `#!/bin/sh\n${line}\n`)
  chmodSync(file, 0o755)
  return folder
}

/** Makes a folder the only place for temporary files, until the end of the test. */
function ownTemporaryFolder(t: Test): string {
  const folder = newFolder(t)
  const { TMPDIR } = process.env
  process.env.TMPDIR = folder
  t.teardown(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  })
  return folder
}

function count(text: string, part: string): number {
  return text.split(part).length - 1
}

/** None of the processes that the output names runs any more, and no file is left. */
function assertEnded(t: Test, text: string, folder: string): void {
  const pids = [...text.matchAll(/\(process (\d+)\)$/gm)].map(([, pid]) => Number(pid))
  t.equal(pids.length, 4)
  for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  t.same(readdirSync(folder), [])
}

t.test('it shows what proxies share, and ends all that it has started', async t => {
  const PATH = pathWith(t)
  const folder = ownTemporaryFolder(t)
  const host = fakeHost({ args: ['--fleet', '--once'], env: { PATH } })
  t.equal(await fakeDemo().run(host), 0)
  const { text } = host.stdout
  t.equal(count(text, '✓ '), STEPS)
  t.match(text, /up, members fake\/\d+, fake\/\d+, fake\/\d+; logins at the API: 1\n/)
  t.match(
    text,
    /\$ curl -Z 'http:\/\/127\.0\.0\.1:\{\d+,\d+,\d+\}\/alert\/P-100\[0-7\]'\n {2}24 × 200 in \d+\.\d s; 429s /,
  )
  t.match(
    text,
    /\$ kill -9 \d+; curl -Z 'http:\/\/127\.0\.0\.1:\{\d+,\d+\}\/v2\/policy'\n {2}2 × 200; logins at the API: 1\n/,
  )
  t.match(text, /\n {2}down: Redis is gone\n/)
  t.match(text, /\n {2}up, members fake\/\d+, fake\/\d+; logins at the API: 1\n/)
  t.notMatch(text, '✗')
  t.equal(host.stderr.text, '')
  assertEnded(t, text, folder)
})

t.test('steps that do not go as promised are marked, and it ends with 1', async t => {
  const host = fakeHost({ args: ['--once', '--fleet'], env: { PATH: pathWith(t) } })
  t.equal(await fakeDemo('idle').run(host), 1)
  t.equal(count(host.stdout.text, '✗ '), 4)
  t.equal(count(host.stdout.text, 'logins at the API: 0'), 4)
})

t.test('without --once the proxies that are left go on, until a signal comes', async t => {
  const PATH = pathWith(t)
  const folder = ownTemporaryFolder(t)
  const host = fakeHost({ args: ['--fleet'], env: { PATH } })
  const running = fakeDemo().run(host)
  const text = await host.stdout.until(/The proxies that are left go on serving \(Ctrl-C to stop\)\n/)
  host.signals.emit('SIGINT')
  t.equal(await running, 0)
  assertEnded(t, text, folder)
})

t.test('without redis-server it says how to install it', async t => {
  const PATH = newFolder(t)
  const folder = ownTemporaryFolder(t)
  const host = fakeHost({ args: ['--fleet'], env: { PATH } })
  t.equal(await demo.run(host), 1)
  t.equal(
    host.stderr.text,
    'demo --fleet needs redis-server, which is not installed: run apt-get install redis-server (Debian, Ubuntu) or brew install redis (macOS)\n',
  )
  t.equal(host.stdout.text, '')
  t.same(readdirSync(folder), [])
})

t.test('a program that does not get ready is named', async t => {
  const host = fakeHost({ args: ['--fleet'], env: { PATH: pathWith(t, 'exit 3') } })
  t.equal(await fakeDemo().run(host), 1)
  t.match(host.stderr.text, /^not ready: redis-server - --port \d+ .*; it ended, or took more than 15 s\n$/)
})

t.test('what proxies do not notice in time is as last seen', async t => {
  const view = { state: 'up', reason: null, members: [] }
  const server = createServer((_request, response) => response.end(JSON.stringify({ fleet: view })))
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const clock = testClock()
  const client = new TourClient()
  t.teardown(() => client.close())
  const proxy = { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pid: 1, kill: async () => {} }
  const asking = new Crew([proxy], client, clock).views(() => false)
  let isDone = false
  void asking.finally(() => {
    isDone = true
  })
  await until(async () => {
    await clock.advance(1000)
    return isDone
  })
  t.same(await asking, [view])
})
