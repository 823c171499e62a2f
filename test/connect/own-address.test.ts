import { networkInterfaces } from 'node:os'
import t from 'tap'
import { isOwnAddress } from '../../src/connect/own-address.ts'

t.test('this machine, and what it alone can reach, is known by its addresses', async t => {
  const own = ['127.0.0.1', '127.9.9.9', '0.0.0.0', '169.254.169.254', '::1', '::', 'fe80::1', '::ffff:127.0.0.1']
  const interfaces = Object.values(networkInterfaces()).flatMap(each => each ?? [])
  for (const address of [...own, ...interfaces.map(each => each.address)]) t.ok(isOwnAddress(address), address)
  for (const address of ['203.0.113.7', '10.255.255.254', '2001:db8::7', '::ffff:203.0.113.7'])
    t.notOk(isOwnAddress(address), address)
})
