import { hostname, networkInterfaces } from 'node:os'
import t from 'tap'
import { isSelf } from '../../src/connect/self.ts'

t.test('addresses of this machine, and those only it can reach, are recognized', async t => {
  const own = ['127.0.0.1', '127.9.9.9', '0.0.0.0', '169.254.169.254', '::1', '::', 'fe80::1', '::ffff:127.0.0.1']
  const interfaces = Object.values(networkInterfaces()).flatMap(each => each ?? [])
  for (const address of [...own, ...interfaces.map(each => each.address)]) t.ok(isSelf(address), address)
  for (const { address, family } of interfaces)
    t.ok(isSelf(family === 'IPv4' ? `::ffff:${address}` : address.toUpperCase()), address)
  t.ok(isSelf('0:0:0:0:0:0:0:1'))
  for (const name of ['localhost', 'LOCALHOST.', 'a.localhost', hostname(), `${hostname().toUpperCase()}.`])
    t.ok(isSelf(name), name)
  t.notOk(isSelf('example.com'))
  for (const address of ['203.0.113.7', '10.255.255.254', '2001:db8::7', '::ffff:203.0.113.7'])
    t.notOk(isSelf(address), address)
})

t.test('an IPv6 form of an IPv4 address counts as that address', async t => {
  const embedded = [
    ['::ffff:7f00:1', '::ffff:cb00:7107'],
    ['::127.0.0.1', '::203.0.113.7'],
    ['::ffff:0:127.0.0.1', '::ffff:0:203.0.113.7'],
    ['64:ff9b::7f00:1', '64:ff9b::cb00:7107'],
    ['64:ff9b::a9fe:a9fe', '64:ff9b::a9ff:a9fe'],
    ['2002:7f00:1::', '2002:cb00:7107::7f00:1'],
    ['2002:a9fe:a9fe::1', '2002:aafe:a9fe::1'],
  ] as const
  for (const [own, other] of embedded) t.strictSame([isSelf(own), isSelf(other)], [true, false], `${own} ${other}`)
  const interfaces = Object.values(networkInterfaces()).flatMap(each => each ?? [])
  for (const { address } of interfaces.filter(({ family }) => family === 'IPv4'))
    t.ok(isSelf(`64:ff9b::${address}`), address)
})

t.test('metadata services of clouds count as this machine', async t => {
  for (const address of ['169.254.170.2', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254', 'fd20:ce::254'])
    t.ok(isSelf(address), address)
  for (const address of ['100.100.100.201', '168.63.129.17', 'fd00:ec3::254', 'fd20:cf::254'])
    t.notOk(isSelf(address), address)
})
