import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { newFolder } from '../support/folder.ts'
import { call } from '../support/http.ts'
import { boundSocket, OWN_PID, portOf } from '../support/passed.ts'
import { startCli } from '../support/process.ts'
import { atVendor, credentials, startSimulatorProcess } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** With these, a program could report on the proxy, or take its sockets for its own. */
const MANAGED = {
  NOTIFY_SOCKET: '/nonexistent/notify',
  WATCHDOG_USEC: '60000000',
  LISTEN_FDS: '1',
  LISTEN_FDNAMES: 'http',
}

const OF_THE_MANAGER = /NOTIFY_SOCKET|WATCHDOG_|LISTEN_(?:PID|FDS|FDNAMES)/

t.test('while a proxy with a passed socket is restarted, connections wait, and none is refused', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const socket = await boundSocket({ host: '127.0.0.1' })
  t.teardown(() => socket.close())
  const port = portOf(socket)
  const start = () => startCli(t, [], { ...credentials(simulator), LISTEN_FDS: '1' }, OWN_PID, [socket])
  const first = start()
  await first.until(new RegExp(`listening at http://127\\.0\\.0\\.1:${port}"`))

  let served = 0
  let isOver = false
  // each request has a connection of its own
  const client = async () => {
    while (!isOver) {
      t.equal((await call(port, '/v2/policy', { headers: { connection: 'close' } })).status, 200)
      served++
    }
  }
  const clients = Promise.all([client(), client(), client()])
  await until(() => served > 10)
  first.process.kill('SIGTERM')
  t.equal(await first.ended, 0)
  const early = served
  const waiting = call(port, '/v2/policy')
  const second = start()
  await second.until(/ready in/)
  t.equal((await waiting).status, 200)
  await until(() => served > early + 10)
  isOver = true
  await clients
  second.process.kill('SIGTERM')
  t.equal(await second.ended, 0)
  t.notMatch(second.output(), /"level":[45]0/)
})

t.test('what the manager said, and its socket, stay with the proxy: a command that it runs has neither', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const { PC_URL, PC_IDENTITY, PC_SECRET, ...upstream } = credentials(simulator)
  const folder = newFolder(t)
  const command = join(folder, 'key')
  writeFileSync(
    command,
    `#!/bin/sh\nexport -p > ${folder}/environment\nls -l /proc/self/fd > ${folder}/descriptors\nprintf '%s\\n' '${PC_IDENTITY}' '${PC_SECRET}'\n`,
  )
  chmodSync(command, 0o755)
  const tenant = {
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_URL: `${PC_URL}`,
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_CREDENTIAL_COMMAND: JSON.stringify([command]),
  }
  const socket = await boundSocket({ host: '127.0.0.1' })
  t.teardown(() => socket.close())
  const cli = startCli(t, [], { ...upstream, ...tenant, ...MANAGED }, OWN_PID, [socket])
  await cli.until(/ready in/)
  const seen = readFileSync(join(folder, 'environment'), 'utf8')
  t.match(seen, 'PRISMACLOUD_PROXY_TENANTS_DEFAULT_URL')
  t.notMatch(seen, OF_THE_MANAGER)
  if (existsSync('/proc/self/fd')) {
    const descriptors = readFileSync(join(folder, 'descriptors'), 'utf8')
    // the last one is the folder that ls reads
    t.match(descriptors, / 3 -> /)
    t.notMatch(descriptors, / 4 -> /)
  }
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
})

t.test('the program of exec has neither', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const { PC_IDENTITY, PC_SECRET } = credentials(simulator)
  const env = { ...(await atVendor(t, simulator)), PC_IDENTITY: `${PC_IDENTITY}`, PC_SECRET: `${PC_SECRET}` }
  const cli = startCli(
    t,
    ['exec', '--', 'env'],
    { ...env, ...MANAGED, PRISMACLOUD_PROXY_UPSTREAM_CA_FILE: simulator.caFile },
    OWN_PID,
  )
  t.equal(await cli.ended, 0)
  t.match(cli.output(), 'PRISMACLOUD_PROXY_URL=')
  t.notMatch(cli.output(), OF_THE_MANAGER)
})

t.test('a socket that other machines can reach is refused while clients need no token', async t => {
  const socket = await boundSocket({ host: '0.0.0.0' })
  t.teardown(() => socket.close())
  const env = { PC_URL: 'app2', PC_IDENTITY: 'an-id', PC_SECRET: 'a-key', LISTEN_FDS: '1' }
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0'], env, OWN_PID, [socket])
  t.equal(await cli.ended, 2)
  t.match(cli.output(), /listen\.address \(socket 3 ""\): "0\.0\.0\.0:\d+" is reachable from other machines/)
})
