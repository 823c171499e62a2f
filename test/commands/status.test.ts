import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { helpFor } from '../../src/commands/help/help.ts'
import { statusCommand } from '../../src/commands/status.ts'
import { countedClock } from '../kernel/counted-clock.ts'
import { testClock } from '../support/clock.ts'
import { freePort } from '../support/free-port.ts'
import { type FakeHostOptions, fakeHost } from '../support/host.ts'
import { clientOf, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const TOKEN = 'MARK-token-of-16-characters'

/** Runs the command to its end. */
async function run(...args: string[]) {
  const host = fakeHost({ args })
  const code = await statusCommand(testClock()).run(host)
  t.notMatch(host.stdout.text + host.stderr.text, 'MARK')
  return { code, out: host.stdout.text, err: host.stderr.text }
}

/** Something that listens, and answers each request with the next of these bodies, then with the last again. */
async function listen(t: Test, ...bodies: object[]) {
  const server = createServer((_request, response) => {
    const body = bodies.length > 1 ? bodies.shift() : bodies[0]
    response.setHeader('connection', 'close').end(JSON.stringify(body))
  })
  const start = (port: number) => new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const stop = () => new Promise(resolve => server.close(resolve))
  await start(await freePort())
  t.teardown(stop)
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, start: () => start(port), stop }
}

/** Watches the status, second by second. */
function watch(url: string, options: FakeHostOptions = {}, ...more: string[]) {
  const clock = countedClock()
  const host = fakeHost({ ...options, args: ['--url', url, '--watch', ...more] })
  const ended = statusCommand(clock).run(host)
  const passUntil = (check: () => boolean) =>
    until(async () => {
      await clock.advance(1_000)
      return check()
    })
  const stop = () => {
    host.signals.emit('SIGINT')
    return ended
  }
  return { clock, host, passUntil, stop }
}

/** A text with carets in place of the characters that begin control sequences. */
const visible = (text: string) => text.replaceAll('\u001b', '^')

t.test('the status is shown for people, or as a line of JSON', async t => {
  const { app, call, port } = await startPair(t)
  await app.login()
  const url = `http://127.0.0.1:${port}`
  t.match(await run('--url', url), {
    code: 0,
    out: /^prismacloud-proxy 1\.2\.3, up 0s, ready\n\nTENANT .*\ndefault .* ready .*\n$/,
  })
  const { out } = await run('--url', url, '--json')
  t.match(out, /^.*\n$/)
  t.same(JSON.parse(out), (await call('/_proxy/status')).json())
})

t.test('colours are for terminals', async t => {
  const { port } = await startPair(t)
  for (const [options, isColoured] of [
    [{ isTTY: true }, true],
    [{ isTTY: true, env: { NO_COLOR: '1' } }, false],
    [{}, false],
  ] as const) {
    const host = fakeHost({ ...options, args: ['--url', `http://127.0.0.1:${port}`] })
    await statusCommand(testClock()).run(host)
    t.equal(host.stdout.text.includes('\u001b['), isColoured)
  }
})

t.test('who is no admin, or has no token, is told so', async t => {
  const { port } = await startPair(t, { config: { clients: [clientOf('ci', TOKEN)] } })
  const url = `http://127.0.0.1:${port}`
  t.match(await run('--url', url), { code: 1, err: /^the proxy at .* responded 401: .*token/ })
  const dir = t.testdir({ token: TOKEN })
  t.match(await run('--url', url, '--token-file', `${dir}/token`), { code: 0, out: /\n\nOnly admins see / })
})

t.test('where no proxy is, it says so, even if it is to watch', async t => {
  const { url, stop } = await listen(t, {})
  await stop()
  for (const more of [[], ['--watch']])
    t.match(await run('--url', url, ...more), { code: 1, err: /^cannot reach a proxy at .*: ECONNREFUSED; .*--url\n$/ })
})

t.test('a response that breaks off is an error', async t => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{')
    setImmediate(() => response.destroy())
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await until(() => server.listening)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.match(await run('--url', url), { code: 1, err: /^the connection to the proxy at .* broke: / })
})

t.test('without a terminal, a status is written when it has changed', async t => {
  const [version, ready] = ['1', true]
  const { url } = await listen(
    t,
    { version, uptime: 1, ready },
    { version, uptime: 2, ready, tenants: {}, secondsLeft: 3 },
    { version, uptime: 3, ready, tenants: {}, secondsLeft: 2 },
    { version, uptime: 9, ready: false },
  )
  const { host, passUntil, stop } = watch(url, {}, '--json')
  await passUntil(() => host.stdout.text.includes('"uptime":9'))
  t.equal(await stop(), 0)
  t.match(host.stdout.text, /^\{"version".*\n\{.*"uptime":2.*\n\{.*"uptime":9.*\n$/)
})

t.test('for people, an empty line stands between two', async t => {
  const { url } = await listen(t, { version: '1', uptime: 1, ready: true }, { version: '1', uptime: 2, ready: false })
  const { host, passUntil, stop } = watch(url)
  await passUntil(() => host.stdout.text.includes('not ready'))
  t.equal(await stop(), 0)
  t.match(host.stdout.text, /^prismacloud-proxy .*ready\n\n.*\n\nprismacloud-proxy .*not ready\n\n.*\n$/)
})

t.test('on a terminal it is drawn again each second, until a signal', async t => {
  const { url } = await listen(t, { version: '1', uptime: 1, ready: true }, { version: '1', uptime: 2, ready: true })
  const { clock, host, passUntil, stop } = watch(url, { isTTY: true })
  await passUntil(() => host.stdout.text.includes('up 2s'))
  t.match(visible(host.stdout.text), /^\^\[\?25l.*up 1s.*\^\[3A.*up 2s/s)
  t.equal(await stop(), 0)
  t.match(visible(host.stdout.text), /\^\[\?25h$/, 'the cursor is back')
  t.equal(clock.pending, 0)
})

t.test('a dumb terminal gets lines, and so does JSON', async t => {
  const { url } = await listen(t, { version: '1', uptime: 1, ready: true })
  for (const [env, more] of [
    [{ TERM: 'dumb' }, []],
    [{}, ['--json']],
  ] as const) {
    const { host, stop } = watch(url, { isTTY: true, env }, ...more)
    await host.stdout.until(/1/)
    t.equal(await stop(), 0)
    t.notMatch(host.stdout.text, '\u001b[?25l')
  }
})

t.test('a connection that is lost is tried again', async t => {
  const { url, start, stop: end } = await listen(t, { version: '1', uptime: 1, ready: true })
  const lines = watch(url)
  const terminal = watch(url, { isTTY: true })
  for (const { host } of [lines, terminal]) await host.stdout.until(/Only admins/)
  await end()
  await lines.passUntil(() => lines.host.stderr.text.length > 0)
  for (let n = 0; n < 5; n++) await lines.clock.advance(1_000)
  t.match(lines.host.stderr.text, /^trying again every second: cannot reach a proxy at .*: ECONNREFUSED; .*\n$/)
  await terminal.passUntil(() => /trying again .*\n.*\nprismacloud-proxy/.test(terminal.host.stdout.text))
  await start()
  const { length } = terminal.host.stdout.text
  await terminal.passUntil(() => /^[^t]*prismacloud-proxy/.test(terminal.host.stdout.text.slice(length)))
  t.same(await Promise.all([lines.stop(), terminal.stop()]), [0, 0])
})

t.test('a response that comes after the signal is not shown', async t => {
  let answer = () => {}
  const bodies = ['{"version":"1","uptime":1,"ready":true}', '{"version":"MARK","uptime":1,"ready":true}']
  const server = createServer((_request, response) => {
    const body = bodies.shift()
    if (bodies.length > 0) response.end(body)
    else answer = () => response.end(body)
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await until(() => server.listening)
  const { host, passUntil, stop } = watch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await host.stdout.until(/Only admins/)
  await passUntil(() => bodies.length === 0)
  t.equal(await stop(), 0)
  answer()
  t.notMatch(host.stdout.text + host.stderr.text, /MARK|trying again/)
})

t.test('the help names each flag', t => {
  const help = helpFor('status', statusCommand(testClock()), fakeHost())
  for (const flag of ['--url', '--token-file', '--watch', '--json']) t.match(help, new RegExp(`^  ${flag} `, 'm'))
  t.end()
})
