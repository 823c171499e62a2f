import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import type { PassedAddress } from '../../src/config/network/passed-address.ts'

const KEY = { PC_URL: 'app2', PC_IDENTITY: 'identity', PC_SECRET: 'secret' }

function passed(key: PassedAddress['key'], address: string, mode: number | null = null): PassedAddress {
  return { key, address, origin: 'socket 3 "http"', mode }
}

/** Loads a configuration with sockets, and flags that say something else. */
function load(sockets: readonly PassedAddress[], ...args: string[]): ReturnType<typeof loadConfig> {
  return loadConfig({ args, env: KEY, homeDirectory: '/nonexistent', passed: sockets })
}

t.test('the address of a passed socket replaces every other', async t => {
  const { listen, admin } = await load(
    [passed('listen.address', '[::1]:9000'), passed('admin.address', '0.0.0.0:9001')],
    '--listen-address=127.0.0.1:9080',
  )
  t.equal(listen.address, '[::1]:9000')
  t.equal(admin.address, '0.0.0.0:9001')
})

const REFUSED: [sockets: PassedAddress[], args: string[], message: string][] = [
  [
    [passed('listen.address', '0.0.0.0:9080')],
    ['--listen-address=127.0.0.1:9080'],
    'listen.address (socket 3 "http"): "0.0.0.0:9080" is reachable from other machines, but clients need no token; set listen.clientTokenFile',
  ],
  [
    [passed('listen.address', '[::ffff:127.0.0.1]:9080')],
    [],
    'listen.address (socket 3 "http"): "[::ffff:127.0.0.1]:9080" is reachable from other machines',
  ],
  [
    [passed('listen.address', '127.0.0.1:9080'), passed('admin.address', '127.0.0.1:9080')],
    [],
    'admin.address (socket 3 "http"): "127.0.0.1:9080" is the address of listen.address',
  ],
  [
    [passed('listen.tlsAddress', '127.0.0.1:9443')],
    [],
    'listen.tlsAddress (socket 3 "http"): "127.0.0.1:9443" was passed for https, which is off; set listen.tls',
  ],
  [
    [passed('listen.tlsAddress', 'unix:/run/proxy.sock', 0o600)],
    ['--listen-tls=auto'],
    'listen.tlsAddress (socket 3 "http"): "unix:/run/proxy.sock" is a socket, which needs no https',
  ],
  [
    [passed('listen.address', 'unix:/run/proxy.sock', 0o666)],
    ['--listen-socket-mode=660'],
    'listen.address (socket 3 "http"): "unix:/run/proxy.sock" has the permissions 666, but listen.socketMode is 660; set SocketMode=0660 in the .socket unit, or listen.socketMode',
  ],
]

for (const [sockets, args, message] of REFUSED)
  t.test(`refused: ${message}`, t =>
    t.rejects(load(sockets, ...args), { name: 'ConfigError', message: `- ${message}` }),
  )

t.test('sockets are allowed that admit no more than the configuration', async t => {
  const socket = passed('listen.address', 'unix:/run/proxy.sock', 0o600)
  t.equal((await load([socket], '--listen-socket-mode=660')).listen.address, 'unix:/run/proxy.sock')
  const secure = await load([passed('listen.tlsAddress', '127.0.0.1:9444')], '--listen-tls=auto')
  t.equal(secure.listen.tlsAddress, '127.0.0.1:9444')
  const open = await load([passed('listen.address', '0.0.0.0:9080')], '--listen-exposed')
  t.match(open.warnings.join(), 'anyone who can reach 0.0.0.0:9080')
})
