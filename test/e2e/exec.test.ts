import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { outboundTo } from '../support/outbound.ts'
import { startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'
import { until } from '../support/until.ts'

const UNDICI = pathToFileURL(resolve(import.meta.dirname, '../../node_modules/undici/index.js'))

/** A command with a proxy of its own, before a simulator that is at the vendor's address. */
async function start(t: Test, ...command: string[]) {
  const simulator = await startSimulatorProcess(t, 600)
  return startCli(t, ['exec', '--', ...command], {
    ...credentials(simulator),
    PC_URL: 'app2',
    PRISMACLOUD_PROXY_UPSTREAM_PROXY: await outboundTo(t, simulator.url),
    XDG_STATE_HOME: join(t.testdir({}), 'state'),
  })
}

/** A tool that finds its proxy and whom to trust in its environment, and prints the status and the body. */
function tool(url: string): string[] {
  const script = `
    const { EnvHttpProxyAgent, request } = (await import('${UNDICI}')).default
    const { statusCode, body } = await request('${url}', { dispatcher: new EnvHttpProxyAgent() })
    console.log(statusCode, await body.text())`
  return [process.execPath, '--input-type=module', '--eval', script]
}

t.test('a tool that has the API hosts built in works unchanged', async t => {
  const cli = await start(t, ...tool('https://api2.prismacloud.io/v2/policy'))
  t.equal(await cli.ended, 0)
  t.match(cli.output(), /^200 \[\{"policyId"/)
})

t.test('other hosts are reached as before', async t => {
  // the simulator speaks in the name of every host, with a certificate that nobody here trusts
  const url = 'https://example.com/'
  const distrusting = await start(t, ...tool(url))
  t.equal(await distrusting.ended, 1)
  t.match(distrusting.output(), /UNABLE_TO_|SELF_SIGNED_/)
  const trusting = await start(t, 'env', 'NODE_TLS_REJECT_UNAUTHORIZED=0', ...tool(url))
  t.equal(await trusting.ended, 0)
  t.match(trusting.output(), /^404 /m)
})

t.test('a signal reaches the command, its exit code is told, and nothing is left behind', async t => {
  const cli = await start(t, 'sh', '-c', 'trap "exit 9" TERM; echo "file $SSL_CERT_FILE"; while :; do sleep 0.1; done')
  const [, file = ''] = await cli.until(/file (\S+)/)
  t.ok(existsSync(file))
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 9)
  await until(() => !existsSync(dirname(file)))
})
