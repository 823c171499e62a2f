import { once } from 'node:events'
import { chmodSync, closeSync, openSync, rmSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { takeManagerVariables } from '../../src/commands/systemd/manager-variables.ts'
import { passedSockets } from '../../src/commands/systemd/passed-sockets.ts'
import { newFolder } from '../support/folder.ts'
import { boundSocket, portOf, spawnWithSockets } from '../support/passed.ts'

const loopback = Object.values(networkInterfaces()).flatMap(each => each ?? [])

/** The IPv6 loopback address, which not every machine has. */
const LOCAL = loopback.some(each => each.address === '::1') ? '::1' : '127.0.0.1'

const SCRIPT = new URL('../support/show-passed.ts', import.meta.url).pathname

/** What a process finds that gets these sockets, with these names. */
async function found(
  sockets: readonly (object | number)[],
  names?: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const variables = { ...env, ...(names !== undefined && { LISTEN_FDNAMES: names }) }
  const child = spawnWithSockets(SCRIPT, sockets, variables)
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return `${output}${errors}`.trim()
}

const atLoopback = () => boundSocket({ host: '127.0.0.1' })

t.test('sockets are known by their names, and have their own addresses', async t => {
  const path = join(newFolder(t), 'proxy.sock')
  const sockets = [await atLoopback(), await boundSocket({ host: LOCAL }), await boundSocket({ path })] as const
  chmodSync(path, 0o660)
  const [https, admin] = sockets
  t.strictSame(JSON.parse(await found(sockets, 'https:admin:http')), [
    { key: 'listen.tlsAddress', address: `127.0.0.1:${portOf(https)}`, origin: 'socket 3 "https"', mode: null },
    {
      key: 'admin.address',
      address: `${LOCAL === '::1' ? '[::1]' : LOCAL}:${portOf(admin)}`,
      origin: 'socket 4 "admin"',
      mode: null,
    },
    { key: 'listen.address', address: `unix:${path}`, origin: 'socket 5 "http"', mode: 0o660 },
  ])
})

t.test('a single one needs no name', async t => {
  const socket = await atLoopback()
  for (const names of [undefined, 'prismacloud-proxy.socket'])
    t.match(JSON.parse(await found([socket], names)), [{ key: 'listen.address' }], `${names}`)
})

t.test('sockets for another process are ignored', async t => {
  t.equal(await found([await atLoopback()], 'http', { LISTEN_PID: '1' }), '[]')
  for (const variables of [{}, { LISTEN_FDS: '1' }, { LISTEN_PID: `${process.pid}` }])
    t.strictSame(passedSockets(variables, process.pid), [])
})

t.test('what cannot be used is refused, all of it at once', async t => {
  const [one, two] = [await atLoopback(), await atLoopback()]
  const file = openSync(import.meta.filename, 'r')
  t.teardown(() => closeSync(file))
  t.equal(
    await found([one, file, file], 'htps:http:admin'),
    `invalid configuration (3 problems):
- LISTEN_FDS (socket 3 "htps"): has an unknown name; set FileDescriptorName= to one of http, https, admin
- LISTEN_FDS (socket 4 "http"): is not a stream socket; use ListenStream= in the .socket unit
- LISTEN_FDS (socket 5 "admin"): is not a stream socket; use ListenStream= in the .socket unit`,
  )
  t.match(await found([one, two], 'http:http'), '(socket 4 "http"): has the name of another socket')
  const several = await found([one, two])
  t.match(several, '(2 problems)')
  t.match(several, '(socket 3 ""): has an unknown name')
})

t.test('a socket of which nobody knows who may use it is refused', async t => {
  const path = join(newFolder(t), 'moved.sock')
  const socket = await boundSocket({ path })
  rmSync(path)
  t.match(await found([socket]), 'has no path, so that its permissions are unknown; use ListenStream=')
})

t.test('a number that cannot be right is refused before any descriptor is touched', async t => {
  for (const LISTEN_FDS of ['4', 'x', '1e9'])
    t.throws(() => passedSockets({ LISTEN_PID: `${process.pid}`, LISTEN_FDS }, process.pid), {
      name: 'ConfigError',
      message: new RegExp(`LISTEN_FDS: "${LISTEN_FDS}" sockets were passed; expected at most 3: http, https, admin$`),
    })
})

t.test('the variables of a service manager are taken out of the environment', async t => {
  const env = { PATH: '/bin', NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '1', LISTEN_FDS: '1', LISTENER: 'x' }
  t.strictSame(takeManagerVariables(env), { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '1', LISTEN_FDS: '1' })
  t.strictSame(env, { PATH: '/bin', LISTENER: 'x' })
})
