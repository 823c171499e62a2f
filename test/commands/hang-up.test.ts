import t from 'tap'
import { reloader } from '../../src/commands/serve/reload.ts'
import { outlivesTerminal, untilHangUp } from '../../src/commands/terminal/signal.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createLog } from '../../src/kernel/log.ts'
import { settle } from '../support/clock.ts'
import { fakeHost } from '../support/host.ts'
import { call } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { configured, LISTEN, tenant } from './configured.ts'
import { logged, simulate } from './rig.ts'

t.test('SIGHUP of a closed terminal ends it, once the running requests have finished', async t => {
  t.testdir()
  const upstream = await rawUpstream(t, () => {})
  const terminal = { open: true }
  const proxy = await configured(t, { tenants: { default: tenant(upstream.url) } }, () => terminal.open)
  const late = call(proxy.port, '/v2/policy')
  await until(() => upstream.requests.length === 1)
  proxy.hangUp()
  await proxy.told(/configuration (?:not )?reloaded/)
  terminal.open = false
  proxy.hangUp()
  await proxy.told(/shutting down/)
  upstream.requests[0]?.answer(http('200 OK', [], 'late'))
  t.match(await late, { status: 200, text: 'late' })
  t.equal(await proxy.ended(), 0)
  t.equal(
    (await proxy.told(/configuration (?:not )?reloaded/)).length,
    1,
    'the configuration is not reloaded for the end',
  )
})

t.test('an end for a closed terminal that has to be cut short ends like SIGTERM', async t => {
  t.testdir()
  const upstream = await rawUpstream(t, () => {})
  const terminal = { open: true }
  const parts = { listen: { ...LISTEN, drainTimeout: '50ms' }, tenants: { default: tenant(upstream.url) } }
  const proxy = await configured(t, parts, () => terminal.open)
  const cut = t.rejects(call(proxy.port, '/v2/policy'), { code: 'ECONNRESET' })
  await until(() => upstream.requests.length === 1)
  terminal.open = false
  proxy.hangUp()
  t.equal(await proxy.ended(), 143)
  await cut
})

t.test('SIGHUP asks to end only where there was a terminal, and there is none any more', async t => {
  const table = [
    { before: false, now: false, ends: false },
    { before: false, now: true, ends: false },
    { before: true, now: true, ends: false },
    { before: true, now: false, ends: true },
  ]
  for (const { before, now, ends } of table) {
    const terminal = { open: before }
    const host = { ...fakeHost({ isTTY: true }), hasTerminal: () => terminal.open }
    let reloads = 0
    let ended: number | undefined
    void untilHangUp(host, () => void reloads++).then(code => {
      ended = code
    })
    terminal.open = now
    host.signals.emit('SIGHUP')
    host.signals.emit('SIGHUP')
    await settle()
    t.strictSame([reloads, ended], ends ? [0, 143] : [2, undefined], `${before} → ${now}`)
  }
})

t.test('what is asked for while a reload is under way is done once, after it', async t => {
  const { app } = await startProxy(t, { upstream: (await simulate(t)).url, tenants: { default: { lazy: true } } })
  const host = fakeHost({ env: { PC_URL: 'app2', PC_IDENTITY: 'an-id', PC_SECRET: 'a-key' } })
  const log = createLog('info', host.stdout, systemClock)
  const ends: (() => void)[] = []
  const held = { ...app, reload: () => new Promise<void>(resolve => ends.push(resolve)) }
  const reload = reloader(held, await loadConfig(host), host, log)

  const all = reload()
  await until(() => ends.length === 1)
  await Promise.all([reload(), reload(), reload()])
  await settle()
  t.equal(ends.length, 1, 'one at a time')
  ends[0]?.()
  await until(() => ends.length === 2)
  ends[1]?.()
  await all
  t.equal(ends.length, 2, 'once for all that was asked meanwhile')

  const later = reload()
  await until(() => ends.length === 3)
  ends[2]?.()
  await later
  t.equal(ends.length, 3)
  t.equal(logged(host.stdout.text).length, 3)
})

t.test('on Windows it comes of a closed window alone', async t => {
  const host = fakeHost({ system: 'win32' })
  const ended = untilHangUp(host, () => t.fail('nothing is read again'))
  host.signals.emit('SIGHUP')
  t.equal(await ended, 143)
})

t.test('what nohup started outlives its terminal: no stream leads there, though it is not closed', async t => {
  const rows: [isTTY: boolean, hasTerminal: boolean, system: NodeJS.Platform, outlives: boolean][] = [
    [false, true, 'linux', true],
    [true, true, 'linux', false],
    [false, false, 'linux', false],
    [false, true, 'win32', false],
  ]
  for (const [isTTY, hasTerminal, system, outlives] of rows) {
    const host = { ...fakeHost({ isTTY, system }), hasTerminal: () => hasTerminal }
    t.equal(outlivesTerminal(host), outlives)
  }
  const terminal = { open: true }
  const host = { ...fakeHost(), hasTerminal: () => terminal.open }
  let reloads = 0
  void untilHangUp(host, () => void reloads++).then(() => t.fail('it ends'))
  terminal.open = false
  host.signals.emit('SIGHUP')
  await settle()
  t.equal(reloads, 1)
  for (const stream of [host.stdin, host.stdout, host.stderr]) {
    Object.assign(stream, { isTTY: true })
    t.equal(outlivesTerminal({ ...host, hasTerminal: () => true }), false, 'one stream is enough')
    Object.assign(stream, { isTTY: false })
  }
})
