import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import type { OutboundProxy } from '../support/outbound.ts'
import { checkOutbound } from '../support/outbound-checks.ts'
import { spawnBare } from '../support/process.ts'
import { until } from '../support/until.ts'

/** Debian's tinyproxy, which wants to be shown `login` (`user:password`) where that is given. */
async function startTinyproxy(t: Test, login = ''): Promise<OutboundProxy> {
  const port = await freePort()
  const file = join(newFolder(t), 'tinyproxy.conf')
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Allow 127.0.0.1',
    'Timeout 60',
    'MaxClients 20',
    'LogLevel Connect',
  ]
  writeFileSync(file, [...lines, ...(login ? [`BasicAuth ${login.replace(':', ' ')}`] : []), ''].join('\n'))
  const child = spawnBare('tinyproxy', ['-d', '-c', file])
  t.teardown(() => child.kill('SIGKILL'))
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      log += chunk
    })
  }
  await until(() => isListening(port))
  return { address: `127.0.0.1:${port}`, log: () => log }
}

function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return once(socket, 'connect').then(
    () => socket.end() !== undefined,
    () => false,
  )
}

checkOutbound(t, startTinyproxy)
