import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { helpFor } from '../../src/commands/help/help.ts'
import { requests } from '../../src/commands/requests.ts'
import { CONDITION_NAMES } from '../../src/inspect/filter.ts'
import { fakeHost } from '../support/host.ts'
import { clientOf, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const TOKEN = 'MARK-token-of-16-characters'

/** A proxy that has served some requests. */
async function busyPair(t: Test, options: Parameters<typeof startPair>[1] = {}) {
  const pair = await startPair(t, options)
  const headers = options.config?.clients ? { 'x-prismacloud-proxy-token': TOKEN } : {}
  await pair.call('/v2/policy?a=1', { headers: { ...headers, 'x-request-id': 'id-0001' } })
  await pair.call('/nowhere', { headers: { ...headers, 'x-request-id': 'id-0002' } })
  return { ...pair, url: `http://127.0.0.1:${pair.port}` }
}

/** Runs the command to its end. */
async function run(...args: string[]) {
  const host = fakeHost({ args })
  const code = await requests.run(host)
  t.notMatch(host.stdout.text + host.stderr.text, 'MARK')
  return { code, out: host.stdout.text, err: host.stderr.text }
}

t.test('the latest requests are lines, the oldest first', async t => {
  const { url } = await busyPair(t)
  const { code, out } = await run('--url', url)
  t.equal(code, 0)
  t.match(
    out,
    /^\d\d:\d\d:\d\d 200 GET \/v2\/policy\?a=1 \d+ ms default …0001\n\d\d:\d\d:\d\d 404 GET \/nowhere \d+ ms default …0002: Not Found .*\n$/,
  )
})

t.test('they are filtered, and may be JSON', async t => {
  const { url } = await busyPair(t)
  t.match((await run('--url', url, '--status', '4xx', '--tenant', 'default')).out, /^\S+ 404 .*\n$/)
  t.equal((await run('--url', url, '--text', 'nothing like it')).out, '')
  const { out } = await run('--url', url, '--json', '--id', 'id-0001')
  t.match(JSON.parse(out), { id: 'id-0001', status: 200, tenant: 'default', times: { total: Number } })
})

t.test('a request that runs is shown, too', async t => {
  const { url, call, clock, simulator } = await busyPair(t)
  simulator.fault({ kind: 'slow', delay: 500, path: '/v2/policy' })
  const answer = call('/v2/policy?slow')
  await until(async () => / running GET \/v2\/policy\?slow 0 ms /.test((await run('--url', url)).out))
  await clock.advance(500)
  await answer
})

t.test('they are followed until a signal', async t => {
  const { url, call, clock } = await busyPair(t)
  const host = fakeHost({ args: ['--url', url, '--follow', '--method', 'get'] })
  const running = requests.run(host)
  await host.stdout.until(/…0002/)
  await call('/v2/policy?later', { headers: { 'x-request-id': 'id-0003' } })
  await call('/v2/policy?other', { method: 'DELETE' })
  await until(async () => {
    await clock.advance(50)
    return host.stdout.text.includes('…0003')
  })
  t.equal(host.stdout.text.split('\n').length, 4, 'each once, and no other method')
  host.signals.emit('SIGINT')
  t.equal(await running, 0)
})

t.test('who follows is told when the proxy ends', async t => {
  const { url, app } = await busyPair(t)
  const host = fakeHost({ args: ['--url', url, '--follow', '--json'] })
  const running = requests.run(host)
  await host.stdout.until(/id-0002/)
  await app.close()
  t.equal(await running, 1)
  t.match(host.stderr.text, /the proxy has ended/)
})

t.test('who follows is told when the connection breaks', async t => {
  const server = createServer((_request, response) => {
    response.writeHead(200).write('event: request\ndata: {"status":null}\n\n')
    setImmediate(() => response.destroy())
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await until(() => server.listening)
  const { code, err } = await run('--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, '--follow')
  t.equal(code, 1)
  t.match(err, /the connection to the proxy broke: /)
})

t.test('a client shows its token', async t => {
  const { url } = await busyPair(t, { config: { clients: [clientOf('ci', TOKEN)] } })
  t.match(await run('--url', url), { code: 1, err: /responded 401: .*token/i })
  const file = join(t.testdir(), 'token')
  writeFileSync(file, TOKEN)
  t.match(await run('--url', url, '--token-file', file), { code: 0, out: /…0001/ })
})

t.test('where no proxy is, it says so', async t => {
  const server = createServer((_request, response) => response.writeHead(404).end('MARK')).listen(0, '127.0.0.1')
  await until(() => server.listening)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.match(await run('--url', url), { code: 1, err: /responded 404: it is no prismacloud-proxy\n$/ })
  server.removeAllListeners('request').on('request', (_request, response) => response.end('MARK'))
  t.match(await run('--url', url), { code: 1, err: /the response of .* is not JSON: it is no prismacloud-proxy\n$/ })
  await new Promise(resolve => server.close(resolve))
  t.match(await run('--url', url), { code: 1, err: /cannot reach a proxy at .*: ECONNREFUSED; .* --url\n$/ })
})

t.test('bad usage names the flag and the cure, and repeats no value', async t => {
  const file = join(t.testdir(), 'token')
  writeFileSync(file, 'MARK')
  for (const [args, message] of [
    [['--url', 'MARK'], /invalid value for --url; expected something like http/],
    [['--url', 'http://MARK:MARK@localhost'], /invalid value for --url/],
    [['--status', 'MARK'], /invalid value for --status; expected something like 404/],
    [['--token-file', file], /--token-file contains a token of fewer than 16 characters; write/],
    [['--token-file', '/nonexistent'], /--token-file /],
    [['--tennant', 'MARK'], /unknown flag --tennant; did you mean --tenant\?/],
  ] as const) {
    const error: Error = await requests.run(fakeHost({ args })).then(
      () => t.fail(`${args}`),
      error => error,
    )
    t.match(error, { name: 'UsageError', message })
    t.notMatch(error.message, 'MARK')
  }
})

t.test('the help names each flag', async t => {
  const help = helpFor('requests', requests, fakeHost())
  for (const flag of ['--url', '--token-file', '--follow', '--json', ...CONDITION_NAMES.map(name => `--${name}`)])
    t.match(help, new RegExp(`^  ${flag} `, 'm'))
})
