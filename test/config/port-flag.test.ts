import t from 'tap'
import { faultsOf, load, VENDOR, yaml } from './support.ts'

t.test('--port replaces the port of the address, and keeps its host', async t => {
  const rows: [configured: string | null, address: string][] = [
    [null, '127.0.0.1:9090'],
    ['localhost:1', 'localhost:9090'],
    ['[::1]:1', '[::1]:9090'],
    ['127.0.0.2:1', '127.0.0.2:9090'],
  ]
  for (const [configured, address] of rows) {
    const PRISMACLOUD_PROXY_LISTEN_ADDRESS = configured ?? ''
    const env = { ...VENDOR, PRISMACLOUD_PROXY_LISTEN_ADDRESS }
    for (const args of [['-p', '9090'], ['-p9090'], ['--port=9090']])
      t.equal((await load({ args, env })).listen.address, address, `${configured} ${args}`)
  }
  const file = yaml(t, 'listen: {address: "localhost:1"}\n')
  t.equal((await load({ args: ['-c', file, '-p', '0'] })).listen.address, 'localhost:0')
})

t.test('what is no port is refused without repeating it, and so is a port for a socket', async t => {
  const message = 'invalid value for --port; expected a port from 0 to 65535'
  for (const port of ['65536', '-1', '1e3', '=9090', '', 'hunter22'])
    await t.rejects(load({ args: [`-p${port || '='}`] }), { name: 'UsageError', message }, port)
  const env = { ...VENDOR, PRISMACLOUD_PROXY_LISTEN_ADDRESS: 'unix:/run/proxy.sock' }
  await t.rejects(load({ args: ['-p', '9090'], env }), {
    name: 'UsageError',
    message:
      '--port has no effect: listen.address (PRISMACLOUD_PROXY_LISTEN_ADDRESS) is a socket; use --listen-address instead',
  })
})

t.test('an invalid address is reported although there is a port', async t => {
  const env = { ...VENDOR, PRISMACLOUD_PROXY_LISTEN_ADDRESS: 'nowhere' }
  t.match(await faultsOf({ args: ['-p', '9090'], env }), [
    { key: 'listen.address', origin: 'PRISMACLOUD_PROXY_LISTEN_ADDRESS' },
  ])
})

t.test('-q and -v set the level of the log, whatever else says', async t => {
  const env = { ...VENDOR, PRISMACLOUD_PROXY_LOG_LEVEL: 'error' }
  t.equal((await load({ args: ['-q'], env })).log.level, 'warn')
  t.equal((await load({ args: ['--verbose'], env })).log.level, 'debug')
})
