import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { outboundTo } from '../support/outbound.ts'
import { startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

const CLIENTS = resolve(import.meta.dirname, 'clients')

/** A command with a proxy of its own, before a simulator that is at the vendor's address. */
async function start(t: Test, ...command: string[]) {
  const simulator = await startSimulatorProcess(t, 600)
  return startCli(t, ['exec', '--', ...command], {
    ...credentials(simulator),
    PC_URL: 'app2',
    PRISMACLOUD_PROXY_UPSTREAM_PROXY: await outboundTo(t, simulator.url),
    XDG_STATE_HOME: join(t.testdir({}), 'state'),
    // what ends the loops of clients is there already
    STOP: CLIENTS,
    GO111MODULE: 'off',
    GOCACHE: join(t.testdirName, 'go'),
  })
}

t.test('tools that have the API hosts built in work unchanged', { timeout: 120_000 }, async t => {
  const rows: Record<string, [command: string[], output: RegExp]> = {
    curl: [['curl', '-sS', 'https://api2.prismacloud.io/v2/policy'], /^\[\{"policyId"/],
    wget: [
      ['sh', '-c', 'wget -q -O - --ca-certificate="$SSL_CERT_FILE" https://api2.prismacloud.io/v2/policy'],
      /^\[\{"policyId"/,
    ],
    'the Python SDK': [['/usr/bin/python3', join(CLIENTS, 'sdk.py'), 'loop'], /"rounds": 1/],
    'the Go SDK': [['go', 'run', join(CLIENTS, 'sdk.go'), 'loop'], /"rounds":1/],
  }
  for (const [name, [command, output]] of Object.entries(rows)) {
    const cli = await start(t, ...command)
    t.equal(await cli.ended, 0, `${name} ${cli.output()}`)
    t.match(cli.output(), output, name)
  }
})
