import { join } from 'node:path'
import t, { type Test } from 'tap'
import { outboundTo } from '../support/outbound.ts'
import { curl, startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

const POLICIES = 'https://api2.prismacloud.io/v2/policy'

/** A proxy that is one for https, before a simulator that is at the vendor's own address. */
async function start(t: Test, ...args: string[]) {
  const simulator = await startSimulatorProcess(t, 600)
  const state = join(t.testdir(), 'state')
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0', ...args], {
    ...credentials(simulator),
    PC_URL: 'app2',
    PRISMACLOUD_PROXY_UPSTREAM_PROXY: await outboundTo(t, simulator.url),
    XDG_STATE_HOME: state,
  })
  const [, proxy = ''] = await cli.until(/listening at (http:\S+?)"/)
  return { cli, proxy, ca: join(state, 'prismacloud-proxy', 'ca.pem') }
}

t.test('a tool that has the API hosts built in needs to know no more than its proxy and CA', async t => {
  const { cli, proxy, ca } = await start(t, '--connect-enabled')
  await cli.until(/to trust it: curl --cacert \S+ca\.pem/)
  const answer = await curl('--suppress-connect-headers', '--proxy', proxy, '--cacert', ca, POLICIES)
  t.equal(answer.status, 200)
  t.ok(JSON.parse(answer.body).length > 0)
  await t.rejects(curl('--proxy', proxy, POLICIES), /SSL certificate problem/, 'who does not trust it notices')
  await t.rejects(curl('--proxy', proxy, '--cacert', ca, 'https://example.com/'), /response 403/)
  await t.rejects(curl('--proxy', proxy, '--cacert', ca, 'https://api.prismacloud.io/'), /response 403/)
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
})

t.test('other hosts are let through where that is said', async t => {
  const { proxy, ca } = await start(t, '--connect-enabled', '--connect-others', 'tunnel')
  // the simulator speaks in the name of every host, with a certificate that curl has no reason to trust
  await t.rejects(curl('--proxy', proxy, '--cacert', ca, 'https://example.com/'), /SSL certificate problem/)
  t.equal((await curl('--suppress-connect-headers', '--proxy', proxy, '-k', 'https://example.com/')).status, 404)
})

t.test('it is off unless it is switched on', async t => {
  const { proxy } = await start(t)
  await t.rejects(curl('--proxy', proxy, POLICIES), /response 405/)
})
