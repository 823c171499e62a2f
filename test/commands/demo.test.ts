import { createServer } from 'node:net'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import t, { type Test } from 'tap'
import { demo, demoCommand } from '../../src/commands/demo.ts'
import { startSimulator } from '../../src/simulator/index.ts'
import { fakeHost } from '../support/host.ts'
import { call } from '../support/http.ts'

const STEPS = 8

function count(text: string, part: string): number {
  return text.split(part).length - 1
}

/** The ports that the output names; nothing may listen there any more. */
async function assertClosed(t: Test, text: string): Promise<void> {
  const ports = [.../^(?:simulator|proxy) +http:\/\/127\.0\.0\.1:(\d+)$/gm[Symbol.matchAll](text)].map(
    ([, port]) => port,
  )
  t.equal(ports.length, 2)
  for (const port of ports) await t.rejects(call(Number(port), '/'), { code: 'ECONNREFUSED' })
}

t.test('with --once it shows every step, marked as good, and ends with 0', async t => {
  const host = fakeHost({ args: ['--once'] })
  t.equal(await demo.run(host), 0)
  const { text } = host.stdout
  t.equal(count(text, '✓ '), STEPS)
  t.equal(count(text, '  $ curl http://127.0.0.1:'), STEPS)
  t.notMatch(text, /✗|eyJ/)
  t.equal(text, stripVTControlCharacters(text))
  t.equal(host.stderr.text, '')
  await assertClosed(t, text)
})

t.test('a step that does not go as promised is marked, and it ends with 1', async t => {
  const misbehaving = demoCommand(async options => {
    const simulator = await startSimulator(options)
    simulator.fault({ kind: 'status', status: 500, path: '/code', times: 2 })
    return simulator
  }, [])
  const host = fakeHost({ args: ['--once'] })
  t.equal(await misbehaving.run(host), 1)
  t.equal(count(host.stdout.text, '✓ '), STEPS - 1)
  t.match(host.stdout.text, /✗ Application security, .*\n {2}\$ curl .*\n {2}500 /)
  await assertClosed(t, host.stdout.text)
})

t.test('at a terminal the marks are coloured', async t => {
  const host = fakeHost({ args: ['--once'], isTTY: true })
  t.equal(await demo.run(host), 0)
  t.equal(count(host.stdout.text, '\u001b[32m✓'), STEPS)
})

t.test('without --once it goes on serving, at another port when its own is taken, until a signal comes', async t => {
  const holder = createServer()
  // when somebody else holds the port already, all the better
  await new Promise<void>(resolve => holder.once('error', () => resolve()).listen(9080, '127.0.0.1', resolve))
  t.teardown(() => holder.close())
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const host = fakeHost()
    const running = demo.run(host)
    const text = await host.stdout.until(/Now open \S+ in a browser, or try it yourself: curl \S+ \(Ctrl-C to stop\)\n/)
    const port = Number(/^proxy +http:\/\/127\.0\.0\.1:(\d+)$/m.exec(text)?.[1])
    t.not(port, 9080)
    t.equal((await call(port, '/v2/policy')).status, 200)
    host.signals.emit(signal)
    t.equal(await running, 0)
    await assertClosed(t, text)
  }
})

t.test('neither the environment nor the files of the user have a say', async t => {
  const homeDirectory = t.testdir({ '.prismacloud': { 'credentials.json': 'marked-secret: no JSON' } })
  const env = {
    PC_URL: 'https://marked.example',
    PC_IDENTITY: 'marked-identity',
    PC_SECRET: 'marked-secret',
    PRISMACLOUD_PROXY_CONFIG: join(homeDirectory, 'none'),
    PRISMACLOUD_PROXY_LOG_LEVEL: 'marked-level',
  }
  const outbound = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'ALL_PROXY']
  for (const name of outbound) process.env[name] = 'http://127.0.0.1:1'
  t.teardown(() => outbound.map(name => delete process.env[name]))
  for (const each of [env, {}]) {
    const host = fakeHost({ args: ['--once'], env: each, homeDirectory })
    t.equal(await demo.run(host), 0)
    t.notMatch(host.stdout.text + host.stderr.text, 'marked')
  }
})

t.test('it knows two flags', async t => {
  for (const [args, message] of [
    [['--onc'], 'unknown flag --onc; did you mean --once?'],
    [['--once', 'twice'], 'unexpected argument; flags look like --name value'],
    [['--once=2'], '--once takes no value'],
  ] as const)
    await t.rejects(demo.run(fakeHost({ args })), { name: 'UsageError', message })
})
