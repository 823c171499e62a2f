import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import { simulate } from '../../src/commands/simulate.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { DEMO_USER, startSimulator } from '../../src/simulator/index.ts'
import { fakeHost } from '../support/host.ts'
import { type Ca, issue, makeCa } from '../support/pki.ts'

/** A `simulate` that runs at a free port, and its url; it ends with the test. */
async function run(t: Test, ...args: string[]) {
  const host = fakeHost({ args: ['--port', '0', ...args] })
  const ended = simulate.run(host)
  t.teardown(() => {
    host.signals.emit('SIGTERM')
    return ended
  })
  const [, url = ''] = /^simulator (\S+)\n/.exec(await host.stdout.until(/\n$/)) ?? []
  return { host, url, ended }
}

/** Logs in with the access key that was printed. */
async function logIn(url: string, printed: string, dispatcher = new Agent()): Promise<number> {
  const [, username, password] = /access key (\S+) .*\nsecret key (\S+) /.exec(printed) ?? []
  const answer = await request(`${url}/login`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  })
  await answer.body.dump()
  await dispatcher.close()
  return answer.statusCode
}

/** Files with a certificate for this machine and its key. */
async function certify(t: Test, ca: Ca) {
  const { cert, key } = await issue(ca, { names: ['127.0.0.1'] })
  const directory = t.testdir()
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  return files
}

t.test('it prints its url and a made-up key, which opens it, and serves until a signal comes', async t => {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    const { host, url, ended } = await run(t)
    t.match(
      host.stdout.text,
      `access key ${DEMO_USER.accessKeyId} (made up)\nsecret key ${DEMO_USER.secretKey} (made up)`,
    )
    t.equal(await logIn(url, host.stdout.text), 200)
    host.signals.emit(signal)
    t.equal(await ended, 0)
    await t.rejects(logIn(url, host.stdout.text), { code: 'ECONNREFUSED' })
  }
})

t.test('its tokens live as long as they are told to', async t => {
  const { url } = await run(t, '--token-lifetime=7')
  const body = JSON.stringify({ username: DEMO_USER.accessKeyId, password: DEMO_USER.secretKey })
  const headers = { 'content-type': 'application/json' }
  const { token } = JSON.parse(await (await request(`${url}/login`, { method: 'POST', headers, body })).body.text())
  const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
  t.equal(exp - iat, 7)
})

t.test('its rate limits refill with each whole second, unless they are told otherwise', async t => {
  for (const [args, refill] of [
    [[], 'stepwise'],
    [['--refill', 'continuous'], 'continuous'],
  ] as const) {
    const { url } = await run(t, ...args)
    t.match(await (await request(`${url}/_simulator/state`)).body.json(), { refill })
  }
})

t.test('with a certificate and its key it speaks https', async t => {
  const ca = await makeCa()
  const { cert, key } = await certify(t, ca)
  const { host, url } = await run(t, '--tls-cert', cert, '--tls-key', key)
  t.match(url, /^https:/)
  t.equal(await logIn(url, host.stdout.text, new Agent({ connect: { ca: ca.cert } })), 200)
})

t.test('arguments that make no sense are refused, and the fault is named', async t => {
  const file = join(t.testdir({ file: '-----BEGIN CERTIFICATE-----', empty: '' }), 'file')
  const empty = join(file, '..', 'empty')
  const together = '--tls-cert and --tls-key must be given together'
  const rows: [args: string[], message: string][] = [
    [['--tls-cert', file], together],
    [['--tls-key', file], together],
    [['--tls-cert', `${file}-none`, '--tls-key', file], `cannot read ${file}-none`],
    [['--tls-cert', file, '--tls-key', `${file}-none`], `cannot read ${file}-none`],
    [['--tls-cert', empty, '--tls-key', file], `${empty} is not a PEM file`],
    [['--port', '65536'], 'invalid value "65536" for --port; expected an integer from 0 to 65535'],
    [['--port', 'http'], 'invalid value "http" for --port; expected an integer from 0 to 65535'],
    [['--port', ''], 'invalid value "" for --port; expected an integer from 0 to 65535'],
    [['--port=-1'], 'invalid value "-1" for --port;'],
    [['--token-lifetime', '0'], 'invalid value "0" for --token-lifetime; expected an integer from 1 to 86400'],
    [['--token-lifetime', '86401'], 'invalid value "86401" for --token-lifetime;'],
    [['--token-lifetime', '1.5'], 'invalid value "1.5" for --token-lifetime;'],
    [['--refill', 'slow'], 'invalid value "slow" for --refill; expected stepwise or continuous'],
    [['--prot', '1'], 'unknown flag --prot; did you mean --port?'],
    [['now'], 'unexpected argument; flags look like --name value'],
    [['--port'], '--port needs a value'],
  ]
  for (const [args, message] of rows)
    await t.rejects(simulate.run(fakeHost({ args })), { name: 'UsageError', message }, args.join(' '))
})

t.test('what keeps it from starting is told, and it ends with 1', async t => {
  const simulator = await startSimulator({ clock: systemClock })
  t.teardown(() => simulator.close())
  const { cert } = await certify(t, await makeCa())
  const rows: [args: string[], message: string][] = [
    [['--port', new URL(simulator.url).port], 'address already in use'],
    [['--port', '0', '--tls-cert', cert, '--tls-key', cert], 'error:'],
  ]
  for (const [args, message] of rows) {
    const host = fakeHost({ args })
    t.equal(await simulate.run(host), 1)
    t.match(host.stderr.text, message)
    t.match(host.stderr.text, /^cannot start the simulator: .*; check --port, --tls-cert and --tls-key\n$/)
    t.equal(host.stdout.text, '')
  }
})

t.test('for programs, it prints where it listens and its key as JSON', async t => {
  const host = fakeHost({ args: ['-p', '0', '--json'] })
  const ended = simulate.run(host)
  const { url, ...key } = JSON.parse(await host.stdout.until(/\n$/))
  t.strictSame(key, { accessKeyId: DEMO_USER.accessKeyId, secretKey: DEMO_USER.secretKey })
  t.equal(await logIn(url, `access key ${key.accessKeyId} \nsecret key ${key.secretKey} `), 200)
  host.signals.emit('SIGTERM')
  t.equal(await ended, 0)
})
