import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ProxyAgent, request } from 'undici'
import { startCli } from '../support/process.ts'
import { atVendor, credentials, startSimulatorProcess } from '../support/stack.ts'

const POLICIES = 'https://api2.prismacloud.io/v2/policy'

/** Of a server whose certificate comes from an authority that is not trusted. */
const DISTRUST = { code: /^(UNABLE_TO_|SELF_SIGNED_)/ }

/** A proxy that is one for https, before a simulator that is at the vendor's own address. */
async function start(t: Test, ...args: string[]) {
  const simulator = await startSimulatorProcess(t, 600)
  const state = join(t.testdir(), 'state')
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0', ...args], {
    ...credentials(simulator),
    ...(await atVendor(t, simulator)),
    XDG_STATE_HOME: state,
  })
  const [, proxy = ''] = await cli.until(/listening at (http:\S+?)"/)
  return { cli, proxy, readCa: () => readFileSync(join(state, 'prismacloud-proxy', 'ca.pem'), 'utf8') }
}

/** Asks by way of an https proxy, as a tool does that has the address built in, and gives the status and the body. */
async function askThrough(proxy: string, url: string, trust: Readonly<{ ca?: string; rejectUnauthorized?: boolean }>) {
  const dispatcher = new ProxyAgent({ uri: proxy, requestTls: trust })
  try {
    const { statusCode, body } = await request(url, { dispatcher })
    return { status: statusCode, text: await body.text() }
  } finally {
    await dispatcher.close()
  }
}

t.test('a tool that has the API hosts built in needs to know no more than its proxy and CA', async t => {
  const { cli, proxy, readCa } = await start(t, '--connect-enabled')
  await cli.until(/to trust it: curl --cacert \S+ca\.pem/)
  const ca = readCa()
  const { status, text } = await askThrough(proxy, POLICIES, { ca })
  t.equal(status, 200)
  t.ok(JSON.parse(text).length > 0)
  await t.rejects(askThrough(proxy, POLICIES, {}), DISTRUST, 'who does not trust it notices')
  await t.rejects(askThrough(proxy, 'https://example.com/', { ca }), /response \(403\)/)
  await t.rejects(askThrough(proxy, 'https://api.prismacloud.io/', { ca }), /response \(403\)/)
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
})

t.test('other hosts are let through where that is said', async t => {
  const { proxy, readCa } = await start(t, '--connect-enabled', '--connect-others', 'tunnel')
  // the simulator speaks in the name of every host, with a certificate that nobody here has a reason to trust
  await t.rejects(askThrough(proxy, 'https://example.com/', { ca: readCa() }), DISTRUST)
  t.equal((await askThrough(proxy, 'https://example.com/', { rejectUnauthorized: false })).status, 404)
})

t.test('it is off unless it is switched on', async t => {
  const { proxy } = await start(t)
  await t.rejects(askThrough(proxy, POLICIES, {}), /response \(405\)/)
})
