import { networkInterfaces } from 'node:os'
import t from 'tap'
import { isOwn } from '../../src/connect/own.ts'

t.test('this machine, and what it alone can reach, is known by its addresses', async t => {
  const own = ['127.0.0.1', '127.9.9.9', '0.0.0.0', '169.254.169.254', '::1', '::', 'fe80::1', '::ffff:127.0.0.1']
  const interfaces = Object.values(networkInterfaces()).flatMap(each => each ?? [])
  for (const address of [...own, ...interfaces.map(each => each.address)]) t.ok(isOwn(address), address)
  for (const { address, family } of interfaces)
    t.ok(isOwn(family === 'IPv4' ? `::ffff:${address}` : address.toUpperCase()), address)
  t.ok(isOwn('0:0:0:0:0:0:0:1'))
  for (const name of ['localhost', 'a.localhost']) t.ok(isOwn(name), name)
  t.notOk(isOwn('example.com'))
  for (const address of ['203.0.113.7', '10.255.255.254', '2001:db8::7', '::ffff:203.0.113.7'])
    t.notOk(isOwn(address), address)
})
