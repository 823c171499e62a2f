import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import { callUrl } from '../support/http.ts'
import { codeIn, shellLines } from '../support/markdown.ts'
import { startCli, startLine } from '../support/process.ts'
import { atVendor, credentials, startProxyProcess, startSimulatorProcess } from '../support/stack.ts'
import { until } from '../support/until.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const LINES = shellLines(README)

/** Lines that `.ci/run` carries out, where each has the checkout for itself. */
const RUN_BY_THE_GATE = ['npm ci && npm run demo', 'npm ci && npm test', 'npm run test:tools']

/** Lines that test/tools carries out, with the package that `npm pack` makes. */
const RUN_WITH_PACKAGE = ['npx prismacloud-proxy demo', 'npm install -g prismacloud-proxy']

/** Lines that the test "its own key" carries out. */
const START = ['export PC_URL=app2 PC_IDENTITY=your-access-key-id PC_SECRET=your-secret-key', 'prismacloud-proxy']

/** The line that the test of the local CA carries out. */
const CA = 'prismacloud-proxy ca'

/** The line that makes a proxy a member of a fleet; test/tools does so with a Redis that is there. */
const FLEET = 'prismacloud-proxy start --fleet-redis-url redis://redis.example:6379'

/** The line that shows requests of a running proxy. */
const REQUESTS = 'prismacloud-proxy requests --status 4xx'

/** The line that sends traces to a collector; test/e2e/tracing.test.ts carries it out. */
const TRACES = 'OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 prismacloud-proxy start --otel-enabled'

/** The beginnings of the lines that are carried out in test/tools. */
const RUN_WITH_TOOLS = /^(?:curl|prismacloud-proxy exec -- curl) /

t.test('with a key in the names of the vendor, it serves', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  t.same(
    LINES.filter(line => START.includes(line)),
    START,
  )
  const env = { ...credentials(simulator), PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0' }
  const cli = startLine(t, `${START.at(-1)}`, env)
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  t.match(scripts.start, /^node (--[a-z=\d-]+ )+dist\/cli\.js start$/, 'and npm start does the same')
  const [, address = ''] = await cli.until(/listening at (http:\S+?)"/)
  t.equal((await callUrl(`${address}/v2/policy`)).status, 200)
})

t.test('a member of a fleet serves although its Redis is not there', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  t.ok(LINES.includes(FLEET))
  const line = FLEET.replace('redis.example:6379', `127.0.0.1:${await freePort()}`)
  const cli = startLine(t, line, { ...credentials(simulator), PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0' })
  const [, address = ''] = await cli.until(/listening at (http:\S+?)"/)
  t.equal((await callUrl(`${address}/v2/policy`)).status, 200)
  t.equal((await callUrl(`${address}/_proxy/readyz`)).status, 200)
  const { fleet } = JSON.parse(`${(await callUrl(`${address}/_proxy/status`)).body}`)
  t.match(fleet, { name: 'default', state: 'down', reason: /refuses/, members: [{ isThis: true }] })
})

t.test('the requests of a running proxy are shown in a terminal', async t => {
  t.ok(LINES.includes(REQUESTS))
  const simulator = await startSimulatorProcess(t, 600)
  const cli = startCli(t, ['start'], { ...credentials(simulator), PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0' })
  const [, address = ''] = await cli.until(/listening at (http:\S+?)"/)
  for (const path of ['/v2/policy', '/nowhere']) await callUrl(`${address}${path}`)
  const shown = startLine(t, `${REQUESTS} --url ${address}`)
  t.equal(await shown.ended, 0)
  t.match(shown.output(), /^\S+ 404 GET \/nowhere .*\n$/)
})

t.test('the local CA says how clients trust it', async t => {
  t.ok(LINES.includes(CA))
  const cli = startLine(t, CA, { XDG_STATE_HOME: newFolder(t) })
  t.equal(await cli.ended, 0)
  for (const client of ['curl', 'Python', 'Node.js', 'Java', 'Git Bash']) t.match(cli.output(), `  ${client} `)
})

t.test('the README shows nothing that is not run', async t => {
  const known = [...RUN_BY_THE_GATE, ...RUN_WITH_PACKAGE, ...START, CA, FLEET, REQUESTS, TRACES]
  t.same(
    LINES.filter(line => !known.includes(line) && !RUN_WITH_TOOLS.test(line)),
    [],
  )
  const gate = readFileSync(join(ROOT, '.ci/run'), 'utf8')
  for (const command of ['npm ci', 'npm run demo', 'npm test', 'npm run test:tools']) t.match(gate, command)
})

/** Members whose values differ from run to run. */
const VOLATILE = new Set(['version', 'uptime', 'requestId', 'secondsLeft', 'lastRefresh', 'remaining'])

/** A document in which only the types of the volatile values are left. */
function stable(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document), (key, value) => (VOLATILE.has(key) ? typeof value : value))
}

/** The one JSON document in a section of the README. */
function sampleIn(section: string): unknown {
  const [sample = '', ...others] = codeIn(README, section, 'json')
  t.same(others, [])
  return stable(JSON.parse(sample))
}

/** The path and the body of the `curl URL -d BODY` in a section of the README. */
function postIn(section: string) {
  const [line = ''] = codeIn(README, section, 'sh')
  const [, path = '', body = ''] = /^curl http:\/\/127\.0\.0\.1:9080(\S+) -d '(.+)'$/m.exec(line) ?? []
  return { path, options: { method: 'POST', body } }
}

t.test('the problem document and the status are what the proxy answers', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const { proxy } = await startProxyProcess(t, simulator, await atVendor(t, simulator))
  const [good, bad] = [postIn('curl'), postIn('Errors')]
  t.equal((await callUrl(proxy + good.path, good.options)).status, 200)
  const refused = await callUrl(proxy + bad.path, bad.options)
  t.equal(refused.headers['content-type'], 'application/problem+json')
  t.strictSame(stable(refused.json()), sampleIn('Errors'))
  const status = async () => (await callUrl(`${proxy}/_proxy/status`)).json()
  await until(async () => (await status()).tenants.default.accessKey.expiry !== 'unknown')
  t.strictSame(stable(await status()), sampleIn('Status and metrics'))
})
