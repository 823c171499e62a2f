import { join, resolve } from 'node:path'
import t from 'tap'
import { startExec } from '../support/stack.ts'

const CLIENTS = resolve(import.meta.dirname, 'clients')

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
  // what ends the loops of clients is there already
  const env = { STOP: CLIENTS, GO111MODULE: 'off', GOCACHE: join(t.testdir({}), 'go') }
  for (const [name, [command, output]] of Object.entries(rows)) {
    const cli = await startExec(t, command, env)
    t.equal(await cli.ended, 0, name)
    t.match(cli.output(), output, name)
  }
})
