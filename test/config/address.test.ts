import t from 'tap'
import { collide, parseAddress } from '../../src/config/network/address.ts'
import { isLoopback } from '../../src/stacks/loopback.ts'
import { faultsOf, load } from './support.ts'

t.test('an address is a host and port, or the path of a socket', async t => {
  t.strictSame(parseAddress('127.0.0.1:9080'), { host: '127.0.0.1', port: 9080 })
  t.strictSame(parseAddress('localhost:0'), { host: 'localhost', port: 0 })
  t.strictSame(parseAddress('[::1]:65535'), { host: '::1', port: 65_535 })
  t.strictSame(parseAddress('unix:/run/proxy.sock'), { path: '/run/proxy.sock' })
})

t.test('on Windows a named pipe takes the place of a socket', async t => {
  for (const path of ['\\\\.\\pipe\\proxy', '\\\\?\\pipe\\proxy'])
    t.strictSame(parseAddress(`unix:${path}`, 'win32'), { path })
  for (const path of ['/run/proxy.sock', 'C:\\proxy.sock', '\\\\host\\pipe\\proxy', '\\\\.\\pipe\\'])
    t.throws(() => parseAddress(`unix:${path}`, 'win32'), { message: 'is not a named pipe' }, path)
  t.strictSame(parseAddress('127.0.0.1:9080', 'win32'), { host: '127.0.0.1', port: 9080 })
})

t.test('an address that cannot be listened on is invalid', async t => {
  for (const text of [
    '',
    '9080',
    ':9080',
    'localhost',
    '127.0.0.1:',
    'a:65536',
    '[::1]',
    '::1:80',
    '[::g]:80',
    'unix:',
    '*:80',
    'a b:1',
    'http://a:1',
  ])
    t.throws(() => parseAddress(text), { message: 'invalid address' }, text)
})

t.test('the host of an address shows whether other machines can reach it', async t => {
  t.ok(isLoopback('::1'))
  t.notOk(isLoopback('0.0.0.0'))
})

t.test('two servers cannot have the same address', async t => {
  const rows: [one: string, other: string, collision: boolean][] = [
    ['127.0.0.1:1', '127.0.0.1:1', true],
    ['127.0.0.1:1', '127.0.0.1:2', false],
    ['127.0.0.1:1', '10.0.0.1:1', false],
    ['0.0.0.0:1', '10.0.0.1:1', true],
    ['[::]:1', '10.0.0.1:1', true],
    ['127.0.0.1:0', '127.0.0.1:0', false],
    ['unix:/a', 'unix:/a', true],
    ['unix:/a', 'unix:/b', false],
    ['unix:/a', '127.0.0.1:1', false],
  ]
  for (const [one, other, collision] of rows) {
    t.equal(collide(parseAddress(one), parseAddress(other)), collision, `${one} ${other}`)
    t.equal(collide(parseAddress(other), parseAddress(one)), collision, `${other} ${one}`)
  }
})

t.test('admin.address must differ from the addresses for clients', async t => {
  const faults = (...args: string[]) => faultsOf({ args })
  t.match(await faults('--admin-address', '0.0.0.0:9080'), [
    { key: 'admin.address', problem: '"0.0.0.0:9080" is the address of listen.address', cure: 'choose another port' },
  ])
  const secure = '127.0.0.1:9443'
  t.match(await faults('--listen-tls', 'auto', '--admin-address', secure), [{ problem: /listen\.tlsAddress$/ }])
  t.equal((await load({ args: ['--admin-address', secure] })).admin.address, secure, 'https is off')
  t.match(await faults('--admin-address', '9090'), [{ key: 'admin.address', problem: /invalid address/ }])
})
