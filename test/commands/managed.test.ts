import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import { call } from '../support/http.ts'
import { until } from '../support/until.ts'
import { rawUpstream } from '../support/upstream.ts'
import { run, simulate } from './rig.ts'

/** A manager whose systemd-notify writes down what it is told. The test with the real one is in test/tools. */
function manager(t: Test) {
  const folder = newFolder(t)
  const file = join(folder, 'told')
  const program = join(folder, 'systemd-notify')
  writeFileSync(file, '')
  writeFileSync(program, `#!/bin/sh\nIFS='|'\necho "$*" >> '${file}'\n`)
  chmodSync(program, 0o755)
  return {
    env: { PATH: `${folder}:${process.env.PATH}` },
    told: () => readFileSync(file, 'utf8').split('\n').slice(0, -1),
  }
}

const MANAGED = { NOTIFY_SOCKET: '@manager' }

t.test('the manager is told when it is ready, reloads and stops, and what it does', async t => {
  const { url } = await simulate(t)
  const { env, told } = manager(t)
  const { host, listening, ended } = run(t, { PC_URL: url, ...env }, { managed: MANAGED })
  const address = `http://127.0.0.1:${await listening()}`
  await until(() => told().length === 1)
  host.signals.emit('SIGHUP')
  await until(() => told().length === 3)
  host.signals.emit('SIGTERM')
  t.equal(await ended(), 0)
  const [, time] = /MONOTONIC_USEC=(\d+)/.exec(told().join()) ?? []
  t.strictSame(told(), [
    `READY=1|STATUS=Serving 1 tenant at ${address}`,
    `RELOADING=1|MONOTONIC_USEC=${time}|STATUS=Reloading the configuration`,
    `READY=1|STATUS=Serving 1 tenant at ${address}`,
    'STOPPING=1|STATUS=Stopping|EXTEND_TIMEOUT_USEC=15000000',
  ])
  t.notMatch(host.stdout.text, 'cannot notify')
})

t.test('it is ready although a tenant has no session: requests wait for one', async t => {
  const { env, told } = manager(t)
  const { host, ended } = run(t, { PC_URL: `http://127.0.0.1:${await freePort()}`, ...env }, { managed: MANAGED })
  await host.stdout.until(/"not ready: /)
  await until(() => told().length === 1)
  t.match(told(), [/^READY=1/])
  host.signals.emit('SIGINT')
  t.equal(await ended(), 0)
})

t.test('it is not ready before the first login is over, and not at all if the key is refused', async t => {
  const { url } = await simulate(t, { users: [DEMO_USER] })
  const refused = manager(t)
  t.equal(await run(t, { PC_URL: url, ...refused.env }, { managed: MANAGED }).ended(), 3)
  t.strictSame(refused.told(), [])

  const silent = await rawUpstream(t, () => {}, { login: () => {} })
  const waiting = manager(t)
  const { host, listening, ended } = run(t, { PC_URL: silent.url, ...waiting.env }, { managed: MANAGED })
  t.equal((await call(await listening(), '/_proxy/livez')).status, 200)
  host.signals.emit('SIGHUP')
  await host.stdout.until(/"configuration reloaded"/)
  host.signals.emit('SIGTERM')
  t.equal(await ended(), 0)
  t.match(waiting.told(), [/^STOPPING=1/])
  t.equal(waiting.told().length, 1)
})

t.test('a manager that cannot be told is no reason to stop', async t => {
  const { url } = await simulate(t)
  const { host, listening, ended } = run(t, { PC_URL: url, PATH: '/nonexistent' }, { managed: MANAGED })
  await host.stdout.until(/cannot notify the service manager: systemd-notify: command not found/)
  t.equal((await call(await listening(), '/v2/policy')).status, 200)
  host.signals.emit('SIGTERM')
  t.equal(await ended(), 0)
  t.equal(host.stdout.text.match(/cannot notify/g)?.length, 1)
})
