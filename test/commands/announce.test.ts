import { stripVTControlCharacters } from 'node:util'
import t, { type Test } from 'tap'
import { announcer, reasons } from '../../src/commands/serve/announce.ts'
import { start } from '../../src/commands/start.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createLog } from '../../src/kernel/log.ts'
import { version } from '../../src/kernel/product.ts'
import { DEMO_USER, startSimulator } from '../../src/simulator/index.ts'
import { type FakeHostOptions, fakeHost } from '../support/host.ts'
import { makeConfig, type ProxyOptions } from '../support/proxy.ts'

interface Told extends Partial<ProxyOptions> {
  readonly isTTY?: boolean
  readonly warnings?: readonly string[]
}

/** An announcer, and what it has told so far: the lines, without their colours. */
async function announce({ isTTY = true, warnings = [], upstream = 'app2', ...options }: Told = {}) {
  const host = fakeHost({ isTTY })
  const config = makeConfig({ upstream, config: { log: { format: 'auto' } }, ...options })
  const log = createLog('info', host.stdout, systemClock)
  const lines = () => stripVTControlCharacters(host.stdout.text).split('\n').filter(Boolean)
  return { announcer: announcer({ ...config, warnings }, host, log), lines, host }
}

/** The command to paste that is shown for an address. */
async function tried(address: string, clientTokenFile: string | null = null): Promise<string | undefined> {
  const { announcer, lines } = await announce({ config: { log: { format: 'auto' }, listen: { clientTokenFile } } })
  announcer.listening({ address, secure: null, admin: null, trust: null })
  return lines()
    .at(-1)
    ?.replace(/^ {2}try {8}/, '')
}

/** Serves a simulator until it is ready, and gives all that was printed. */
async function serve(
  t: Test,
  { args = [], isTTY, env: more }: Pick<FakeHostOptions, 'args' | 'env'> & { isTTY: boolean },
) {
  const simulator = await startSimulator({ clock: systemClock })
  t.teardown(() => simulator.close())
  const env = { PC_URL: simulator.url, PC_IDENTITY: DEMO_USER.accessKeyId, PC_SECRET: DEMO_USER.secretKey, ...more }
  const host = fakeHost({ args: ['--listen-address', '127.0.0.1:0', ...args], env, isTTY })
  const running = start.run(host)
  await host.stdout.until(/ready.*in.* ms/)
  host.signals.emit('SIGINT')
  t.equal(await running, 0)
  return { url: simulator.url, printed: host.stdout.text }
}

const WAITING = [
  { tenant: 'a', state: 'rejected', reason: '127.0.0.1 answered 401' },
  { tenant: 'b', state: 'authenticating', reason: null },
]

t.test('a person at a terminal is told version, tenants, address, a command to try, and when it is ready', async t => {
  const { url, printed } = await serve(t, { isTTY: true, args: ['--log-level', 'silent'] })
  const text = stripVTControlCharacters(printed)
  const [, port] = /address {4}http:\/\/127\.0\.0\.1:(\d+)\n/.exec(text) ?? []
  t.match(text, /ready {6}in \d+ ms\n/)
  t.equal(
    text.replace(/in \d+ ms/, 'in N ms'),
    `
  prismacloud-proxy ${version}

  tenant     default → ${url}, key from environment PC_IDENTITY/PC_SECRET
  address    http://127.0.0.1:${port}
  page       http://127.0.0.1:${port}/_proxy/
  try        curl http://127.0.0.1:${port}/v2/policy
  ready      in N ms
  stopping   no requests are running
`,
  )
})

t.test(
  'nothing that is logged comes between its lines, and nothing that is coloured where that is not wanted',
  async t => {
    const { printed } = await serve(t, { isTTY: true })
    const lines = stripVTControlCharacters(printed).split('\n')
    const labels = lines.map(line => /^ {2}(\S+) {2}/.exec(line)?.[1])
    t.strictSame(labels.slice(3, 7), ['tenant', 'address', 'page', 'try'])
    t.match(lines.slice(8).join('\n'), /INFO: tenant default: session ready/)
    t.match(printed, '\u001b[')
    for (const env of [{ NO_COLOR: '1' }, { FORCE_COLOR: '0' }, { TERM: 'dumb' }])
      t.notMatch((await serve(t, { isTTY: true, env })).printed, '\u001b[', JSON.stringify(env))
  },
)

t.test('its lines are coloured at a terminal', async t => {
  const { announcer, host } = await announce({ warnings: ['Beware'] })
  announcer.listening({ address: 'http://127.0.0.1:1', secure: null, admin: null, trust: null })
  announcer.ready()
  announcer.notReady(WAITING)
  const { text } = host.stdout
  const coloured = [
    '1mprismacloud-proxy',
    '33mBeware',
    '36mhttp://127.0.0.1:1',
    '32min ',
    '31mtenant a (rejected)',
    '2mtry',
  ]
  for (const part of coloured) t.ok(text.includes(`\u001b[${part}`), part)
})

t.test('each tenant is shown with the API host of its stack, or the url that is none of a stack', async t => {
  const tenants = { prod: {}, gov: { url: 'https://app.gov.prismacloud.io' }, own: { url: 'http://localhost:1/base/' } }
  const { lines } = await announce({ tenants })
  t.strictSame(lines().slice(1), [
    '  tenant     prod → app2 (api2.prismacloud.io), key from test',
    '  tenant     gov → app.gov (api.gov.prismacloud.io), key from test',
    '  tenant     own → http://localhost:1/base, key from test',
  ])
})

t.test('the command to try works as it is pasted', async t => {
  const rows: [address: string, command: string][] = [
    ['http://127.0.0.1:9080', 'curl http://127.0.0.1:9080/v2/policy'],
    ['http://[::1]:9080', 'curl http://[::1]:9080/v2/policy'],
    ['http://0.0.0.0:9080', 'curl http://localhost:9080/v2/policy'],
    ['http://[::]:9080', 'curl http://localhost:9080/v2/policy'],
    ['unix:/run/proxy.sock', 'curl --unix-socket /run/proxy.sock http://localhost/v2/policy'],
  ]
  for (const [address, command] of rows) t.equal(await tried(address), command)
  t.equal(await tried('http://10.0.0.1:80', '/token'), 'curl -u ":$(cat /token)" http://10.0.0.1:80/v2/policy')
})

t.test('the page is shown where there is one', async t => {
  const shown = async (address: string, enabled = true) => {
    const { announcer, lines } = await announce({ config: { log: { format: 'auto' }, inspect: { enabled } } })
    announcer.listening({ address, secure: null, admin: null, trust: null })
    return lines().find(line => line.startsWith('  page'))
  }
  t.equal(await shown('http://0.0.0.0:9080'), '  page       http://localhost:9080/_proxy/')
  t.equal(await shown('unix:/run/proxy.sock'), undefined, 'no browser reaches it')
  t.equal(await shown('http://127.0.0.1:9080', false), undefined)
})

t.test('an address for https is told, with how to trust it where clients do not know it', async t => {
  const listening = { address: 'http://127.0.0.1:1', secure: 'https://127.0.0.1:2', admin: null, trust: '/ca.pem' }
  const how = 'curl --cacert /ca.pem; for other clients run prismacloud-proxy ca'
  for (const trust of ['/ca.pem', null]) {
    const person = await announce()
    person.announcer.listening({ ...listening, trust })
    const rows = ['  https      https://127.0.0.1:2', ...(trust ? [`  trust      ${how}`] : [])]
    t.strictSame(person.lines().slice(3, -2), rows)
    const machine = await announce({ isTTY: false })
    machine.announcer.listening({ ...listening, trust })
    t.strictSame(
      machine.lines().map(line => parse(line).msg),
      [
        'listening at http://127.0.0.1:1',
        'listening at https://127.0.0.1:2',
        ...(trust ? [`to trust it: ${how}`] : []),
      ],
    )
  }
})

t.test('the address for probes and metrics is told, if there is one', async t => {
  const listening = { address: 'http://127.0.0.1:1', secure: null, admin: 'http://0.0.0.0:3', trust: null }
  const person = await announce()
  person.announcer.listening(listening)
  t.strictSame(person.lines().slice(3, -2), ['  admin      http://0.0.0.0:3'])
  const machine = await announce({ isTTY: false })
  machine.announcer.listening(listening)
  t.match(machine.lines().map(parse).slice(1), [
    { level: 30, address: 'http://0.0.0.0:3', msg: 'listening at http://0.0.0.0:3 for probes and metrics' },
  ])
})

t.test('warnings of the configuration are shown, before all else that is told', async t => {
  const warnings = ['c.yaml can be read by others', 'Another']
  t.strictSame((await announce({ warnings })).lines().slice(-2), [
    '  warning    c.yaml can be read by others',
    '  warning    Another',
  ])
  const { lines } = await announce({ warnings, isTTY: false })
  t.match(lines().map(parse), [
    { level: 40, msg: warnings[0] },
    { level: 40, msg: warnings[1] },
  ])
})

t.test('a tenant without a session is told with the reason, where there is one', async t => {
  const text = ['tenant a (rejected): 127.0.0.1 answered 401', 'tenant b (authenticating)']
  t.strictSame(reasons(WAITING), text)
  const acting = [{ tenant: 'a', state: 'rejected', reason: '\u001b[2J\u009b' }]
  t.strictSame(reasons(acting), ['tenant a (rejected): \\u001b[2J\\u009b'])
  const { announcer, lines } = await announce()
  announcer.notReady(WAITING)
  t.equal(lines().at(-1), `  not ready  ${text.join('; ')}`)
})

t.test('elsewhere than at a terminal, and where the log is to be JSON, each line is one of the log', async t => {
  await toldInJson(t, { isTTY: false })
  await toldInJson(t, { config: { log: { format: 'json' } } })
})

t.test('the log is for people at a terminal, unless it is to be JSON; elsewhere it may be too', async t => {
  const rows = [
    { isTTY: true, format: 'auto', isJson: false },
    { isTTY: true, format: 'json', isJson: true },
    { isTTY: false, format: 'auto', isJson: true },
    { isTTY: false, format: 'pretty', isJson: false },
  ]
  for (const { isTTY, format, isJson } of rows) {
    const { printed } = await serve(t, { isTTY, args: ['--log-format', format] })
    if (isJson) t.doesNotThrow(() => printed.trimEnd().split('\n').map(parse))
    else t.match(printed, /INFO.*: .*tenant default: session ready/)
  }
})

async function toldInJson(t: Test, told: Told): Promise<void> {
  const { announcer, lines } = await announce(told)
  announcer.listening({ address: 'http://127.0.0.1:1', secure: null, admin: null, trust: null })
  announcer.ready()
  announcer.notReady(WAITING)
  announcer.shuttingDown({ requests: 0, timeout: 10_000 })
  announcer.shuttingDown({ requests: 1, timeout: 50 })
  announcer.shuttingDown({ requests: 3, timeout: 10_000 })
  const [listening, ready, ...others] = lines().map(parse)
  t.match(listening, {
    level: 30,
    msg: 'listening at http://127.0.0.1:1',
    version,
    tenants: [{ tenant: 'default', stack: 'app2', api: 'https://api2.prismacloud.io', credentials: 'test' }],
  })
  t.match(ready, { level: 30, ms: Number, msg: /^ready in \d+ ms$/ })
  t.match(others, [
    { level: 40, waitingFor: WAITING, msg: /^not ready: tenant a \(rejected\)/ },
    { level: 30, msg: 'shutting down: no requests are running' },
    { level: 30, msg: 'shutting down: waiting up to 50 ms for 1 request' },
    { level: 30, msg: 'shutting down: waiting up to 10 s for 3 requests' },
  ])
}

function parse(line: string) {
  return JSON.parse(line)
}
