import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Finding } from '../../src/commands/check/finding.ts'
import { check } from '../../src/commands/check.ts'
import { ConfigError } from '../../src/config/fault.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { DAY } from '../../src/kernel/instant.ts'
import { DEMO_USER, type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts'
import { freePort } from '../support/free-port.ts'
import { type FakeHostOptions, fakeHost } from '../support/host.ts'
import { inDays, issue, makeCa } from '../support/pki.ts'

const KEY = { PC_IDENTITY: DEMO_USER.accessKeyId, PC_SECRET: DEMO_USER.secretKey }
const MINUTE = 60_000

async function simulate(t: Test, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ clock: systemClock, ...options })
  t.teardown(() => simulator.close())
  return simulator
}

/** Runs the command. Whatever it finds, it shows neither key nor token. */
async function runCheck(t: Test, args: readonly string[], options: FakeHostOptions = {}) {
  const host = fakeHost({ args, env: KEY, ...options })
  const code = await check.run(host)
  const { text } = host.stdout
  for (const secret of [DEMO_USER.accessKeyId, DEMO_USER.secretKey, 'eyJ', 'hunter2']) t.notOk(text.includes(secret))
  return { code, text, lines: linesOf(text) }
}

/** An outbound proxy that makes tunnels, or answers another status than 200 instead. */
async function startProxy(t: Test, status = 200): Promise<string> {
  const server = createServer().on('connect', ({ url = '' }, client) => {
    client.write(`HTTP/1.1 ${status} Whatever\r\n\r\n`)
    if (status !== 200) return void client.end()
    const { hostname, port } = new URL(`tcp://${url}`)
    const onward = connect(Number(port), hostname)
    client.pipe(onward).pipe(client)
    for (const socket of [client, onward]) socket.on('error', () => {}).on('close', () => onward.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  // A server on TCP has an address with a port.
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

/** The lines by their labels: mark and text. */
function linesOf(text: string): Record<string, string> {
  const lines = text.split('\n').map(line => /^(\S+ )(.{14}) {2}(.*)$/.exec(line) ?? [])
  return Object.fromEntries(lines.map(([, mark = '', label = '', found = '']) => [label.trim(), mark + found]))
}

const marksOf = (lines: Record<string, string>) =>
  Object.values(lines)
    .join('')
    .replace(/[^✓✗!-]/g, '')

t.test('all is good: one line for each step, in their order, and exit code 0', async t => {
  const { url } = await simulate(t)
  const { code, text } = await runCheck(t, ['--url', url])
  t.equal(code, 0)
  t.equal(
    text.replace(/:\d+/g, ''),
    `✓ configuration   from flags and environment, without a file
✓ tenant          default
✓ credentials     from environment PC_IDENTITY/PC_SECRET
✓ url             custom API http://127.0.0.1
✓ outbound proxy  none: the API is on this machine
✓ DNS             127.0.0.1 resolves to 127.0.0.1
✓ TLS             none: plain http to this machine
✓ clock           in sync with 127.0.0.1
✓ login           ok, the session lasts 600 s
✓ access key      does not expire
✓ extend          ok
`,
  )
})

t.test('on a terminal the marks are coloured', async t => {
  const { url } = await simulate(t)
  const host = fakeHost({ args: ['--url', url], env: KEY, isTTY: true })
  await check.run(host)
  t.match(host.stdout.text, '\u001b[32m✓\u001b[39m configuration')
})

t.test('faults of the configuration escape, for the exit code 2', async t => {
  await t.rejects(check.run(fakeHost({ args: ['--url', 'nowhere'], env: KEY })), ConfigError)
})

t.test('it names the file, repeats its warnings, and checks each of its tenants', async t => {
  const { url } = await simulate(t)
  const tenant = { url, accessKeyId: DEMO_USER.accessKeyId, secretKey: DEMO_USER.secretKey }
  const other = { ...tenant, secretKey: 'hunter2' }
  const file = join(t.testdir({ 'it.yaml': JSON.stringify({ tenants: { default: tenant, other } }) }), 'it.yaml')
  await chmod(file, 0o644)
  for (const given of [{ args: ['--config', file] }, { args: [], env: { PRISMACLOUD_PROXY_CONFIG: file } }]) {
    const { code, text } = await runCheck(t, given.args, given)
    t.equal(code, 3)
    t.match(
      text,
      `✓ configuration   from ${file}, flags and environment\n! configuration   ${file} contains a secret key`,
    )
    t.match(text, /✓ tenant +default\n[^✗]*✓ extend +ok\n✓ tenant +other\n[^✗]*✗ login /)
    t.match(text, '"prismacloud-proxy stacks find --default-tenant other"')
  }
})

t.test('credentials that cannot be read: the network is checked all the same', async t => {
  const { url } = await simulate(t)
  const file = join(
    t.testdir({ 'it.yaml': `tenants: {default: {url: '${url}', credentialCommand: ['false']}}` }),
    'it.yaml',
  )
  const { code, lines } = await runCheck(t, ['--config', file], { env: {} })
  t.equal(code, 1)
  t.match(lines, { credentials: '✗ cannot read the access key: command false failed with exit code 1', clock: /^✓/ })
  t.match(lines, { login: '- not tried, needs credentials', extend: '- not tried, needs login' })
})

t.test('credentials refused: the reason, the cures, and exit code 3', async t => {
  const { url } = await simulate(t)
  const { code, lines } = await runCheck(t, ['--url', url], { env: { ...KEY, PC_SECRET: 'hunter2' } })
  t.equal(code, 3)
  t.match(lines.login, /^✗ 127\.0\.0\.1:\d+ rejected the access key \(401 invalid_credentials/)
  t.match(lines.login, 'Wrong stack? Run "prismacloud-proxy stacks find" to find the right one.')
  t.match(lines.login, 'Key expired or disabled? See Settings > Access Keys in the console.')
  t.notMatch(lines.login, 'customerName')
  t.equal(lines.extend, '- not tried, needs login')
})

t.test('a tenant that the user does not belong to is named among the cures', async t => {
  const { url } = await simulate(t)
  const { lines } = await runCheck(t, ['--url', url, '--customer-name', 'Demo Compny'])
  t.match(lines.login, 'Wrong tenant? The user of the key must belong to Demo Compny (prismaId or customerName).')
  t.match((await runCheck(t, ['--url', url, '--prisma-id', '12'])).lines.login, 'must belong to 12 (')
})

t.test('a user of several tenants is told their names, and nothing about stacks', async t => {
  const tenants = ['One', 'Two'].map((customerName, index) => ({ customerName, prismaId: `${index}` }))
  const { url } = await simulate(t, { users: [{ ...DEMO_USER, tenants }] })
  const { code, lines } = await runCheck(t, ['--url', url])
  t.equal(code, 3)
  t.match(lines.login, /^✗ .* set customerName to one of "One", "Two", or prismaId$/)
})

t.test('a user who must sign in by SSO is told so, and nothing about stacks', async t => {
  const { url } = await simulate(t, { users: [{ ...DEMO_USER, state: 'sso' }] })
  const { code, lines } = await runCheck(t, ['--url', url])
  t.equal(code, 3)
  t.match(lines.login, /^✗ .*use an access key/)
  t.notMatch(lines.login, 'Wrong stack')
})

t.test('a login that fails for another reason is no refusal', async t => {
  const simulator = await simulate(t)
  simulator.fault({ kind: 'status', status: 503, path: '/login' })
  const { code, lines } = await runCheck(t, ['--url', simulator.url])
  t.equal(code, 1)
  t.match(lines.login, /^✗ 127\.0\.0\.1:\d+ returned 503/)
})

t.test('an access key that is about to expire, or that has expired, is warned of with the cure', async t => {
  const rows: [daysLeft: number, line: RegExp][] = [
    [100.5, /^✓ expires on \d{4}-\d\d-\d\d, in 100 days$/],
    [13.5, /^! expires on \d{4}-\d\d-\d\d, in 13 days; create another one in the console \(Settings > Access Keys\)/],
    [-1, /^! expired on \d{4}-\d\d-\d\d; create another one/],
  ]
  for (const [daysLeft, line] of rows) {
    const { url } = await simulate(t, { users: [{ ...DEMO_USER, keyExpiresOn: Date.now() + daysLeft * DAY }] })
    const { code, lines } = await runCheck(t, ['--url', url])
    t.equal(code, 0)
    t.match(lines, { 'access key': line, extend: '✓ ok' })
  }
})

t.test('an access key whose expiry the API does not say is no failure', async t => {
  const hidden = await simulate(t, { users: [{ ...DEMO_USER, mayReadKeys: false }] })
  const told = await runCheck(t, ['--url', hidden.url])
  t.match(told, { code: 0, lines: { 'access key': '- its role may not read when it expires', extend: '✓ ok' } })
  const broken = await simulate(t)
  broken.fault({ kind: 'status', status: 502, path: '/access_keys/' })
  const { code, lines } = await runCheck(t, ['--url', broken.url])
  t.equal(code, 0)
  t.match(lines, { 'access key': /^- cannot tell when it expires: 127\.0\.0\.1:\d+ returned 502: /, extend: '✓ ok' })
})

t.test('a session that cannot be extended', async t => {
  const simulator = await simulate(t)
  simulator.fault({ kind: 'expire', path: '/auth_token/extend' })
  const { code, lines } = await runCheck(t, ['--url', simulator.url])
  t.equal(code, 1)
  t.match(lines.extend, /^✗ 127\.0\.0\.1:\d+ rejected the token \(401 token_expired/)
})

t.test('a clock that is off is bad, but the login is tried', async t => {
  for (const [offset, direction] of [[10, 'behind'] as const, [-10, 'ahead of'] as const]) {
    const { url } = await simulate(t, { clockOffset: offset * MINUTE })
    const { code, lines } = await runCheck(t, ['--url', url])
    t.equal(code, 1)
    t.match(lines.clock, new RegExp(`^✗ this machine's clock is 10 minutes ${direction} 127`))
    t.match(lines.login, /^✓/)
  }
})

t.test('a host that nobody answers at', async t => {
  const { code, lines } = await runCheck(t, ['--url', `http://127.0.0.1:${await freePort()}`])
  t.equal(code, 1)
  t.match(lines.TLS, /^✗ 127\.0\.0\.1:\d+ refuses connections/)
  t.match(lines, { clock: '- not tried, needs TLS', login: '- not tried, needs TLS' })
})

t.test('a host whose name does not exist', async t => {
  const { code, lines } = await runCheck(t, ['--url', 'https://nothing.invalid'])
  t.equal(code, 1)
  t.match(lines.DNS, '✗ The name nothing.invalid cannot be resolved')
  t.equal(marksOf(lines), '✓✓✓✓✓✗-----')
})

t.test('https: the certificate is judged', async t => {
  const ca = await makeCa('CN=Root of Tests, O=Tests')
  const caFile = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  const trusting = ['--upstream-ca-file', caFile]
  const serve = async (options: Parameters<typeof issue>[1]) => simulate(t, { tls: await issue(ca, options) })

  const ours = await serve({ names: ['127.0.0.1'], notAfter: new Date('2199-12-31') })
  t.test('signed by an authority of upstream.caFile', async t => {
    const { code, lines } = await runCheck(t, ['--url', ours.url, ...trusting])
    t.match(
      lines.TLS,
      /^✓ verified, TLSv1\.[23], certificate of Throwaway server issued by Tests, Root of Tests, valid until 2199-12-31/,
    )
    t.match(lines, { 'outbound proxy': '✓ none: direct connections', extend: '✓ ok' })
    t.equal(code, 0)
  })
  t.test('signed by an authority that nobody named', async t => {
    const { code, lines } = await runCheck(t, ['--url', ours.url])
    t.match(lines.TLS, /^✗ .*set upstream\.caFile to its CA$/)
    t.equal(code, 1)
  })
  t.test('of another host', async t => {
    const { url } = await serve({ names: ['other.example'] })
    t.match((await runCheck(t, ['--url', url, ...trusting])).lines.TLS, /^✗ .* belongs to another name/)
  })
  t.test('expired', async t => {
    const { url } = await serve({ names: ['127.0.0.1'], notAfter: inDays(-0.5) })
    t.match((await runCheck(t, ['--url', url, ...trusting])).lines.TLS, /^✗ .* has expired/)
  })
  t.test('seen through an outbound proxy, which resolves the name', async t => {
    const proxy = await startProxy(t)
    const { code, lines } = await runCheck(t, ['--url', ours.url, ...trusting, '--upstream-proxy', proxy])
    t.equal(lines['outbound proxy'], `✓ ${proxy}, from upstream.proxy`)
    t.equal(lines.DNS, '- the outbound proxy resolves 127.0.0.1')
    t.match(lines.TLS, /^✓ verified, TLSv1\.[23], certificate of Throwaway server issued by Tests/)
    t.equal(code, 0)
  })
  t.test('out of reach behind an outbound proxy that refuses, is unknown or does not answer', async t => {
    const through = async (proxy: string) =>
      (await runCheck(t, ['--url', ours.url, ...trusting, '--upstream-proxy', proxy])).lines.TLS
    t.match(await through(await startProxy(t, 407)), /^✗ The outbound proxy .* requires a valid user and password/)
    t.match(await through(await startProxy(t, 403)), /^✗ The outbound proxy .* refused to connect to .* \(403\)/)
    t.match(await through('http://127.0.0.1:1'), /^✗ The outbound proxy failed: 127\.0\.0\.1:1 refuses connections/)
  })
  t.test('not trusted behind an outbound proxy', async t => {
    const { lines } = await runCheck(t, ['--url', ours.url, '--upstream-proxy', await startProxy(t)])
    t.match(lines.TLS, /^✗ The certificate of 127\.0\.0\.1:\d+ is not signed by a known authority/)
  })
})

t.test('for programs, it prints all findings as one object of JSON', async t => {
  const { url } = await simulate(t)
  const passed = await runCheck(t, ['--json', '--url', url, '-q'])
  t.equal(passed.code, 0)
  t.match(passed.text, /^\{.*\}\n$/)
  const { exitCode, findings } = JSON.parse(passed.text)
  t.equal(exitCode, 0)
  const text = 'from flags and environment, without a file'
  t.strictSame(findings[0], { tenant: null, label: 'configuration', mark: 'good', text })
  t.strictSame(findings[1], { tenant: 'default', label: 'tenant', mark: 'good', text: 'default' })
  t.strictSame(findings.at(-1), { tenant: 'default', label: 'extend', mark: 'good', text: 'ok' })
  const rejected = await runCheck(t, ['--url', url, '--json'], { env: { ...KEY, PC_SECRET: 'hunter2' } })
  t.equal(rejected.code, 3)
  t.match(JSON.parse(rejected.text), { exitCode: 3 })
  t.ok(JSON.parse(rejected.text).findings.some(({ label, mark }: Finding) => label === 'login' && mark === 'rejected'))
})
