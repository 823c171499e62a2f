import t from 'tap'
import { httpsHost, parseHostPort } from '../../src/http/host-port.ts'

t.test('a host and port are parsed, and nothing else', async t => {
  t.strictSame(parseHostPort('api2.prismacloud.io:443'), { host: 'api2.prismacloud.io', port: 443 })
  t.strictSame(parseHostPort('API2.Prismacloud.IO:8443'), { host: 'api2.prismacloud.io', port: 8443 })
  t.strictSame(parseHostPort('[2001:db8::1]:443'), { host: '[2001:db8::1]', port: 443 })
  for (const [target, host] of [
    ['127.1:80', '127.0.0.1'],
    ['2130706433:80', '127.0.0.1'],
    ['0x7f000001:80', '127.0.0.1'],
    ['0X7F.1:80', '127.0.0.1'],
    ['0177.0.0.1:80', '127.0.0.1'],
    ['127.0.0.1.:80', '127.0.0.1'],
    ['0:80', '0.0.0.0'],
    ['[::FFFF:127.0.0.1]:80', '[::ffff:7f00:1]'],
    ['[0:0:0:0:0:0:0:1]:80', '[::1]'],
    ['LocalHost.:080', 'localhost.'],
  ] as const)
    t.strictSame(parseHostPort(target), { host, port: 80 }, target)
  for (const target of [
    '',
    'x',
    'x:',
    ':443',
    'x:0',
    'x:65536',
    'x:443/',
    'user@x:443',
    'http://x:443',
    'x y:443',
    '/x:443',
    '999.1.1.1:443',
    '[:::]:443',
    '[::1%lo]:443',
    '[::1%25lo]:443',
    '::1:443',
    '%31%32%37.0.0.1:443',
    '１２７.0.0.1:443',
    'loc\u00adalhost:443',
    'x.0x7f:443',
    'x:+80',
    'x: 80',
    'x:80 ',
    'x:-1',
    'x:0x50',
    'x:000080',
  ])
    t.equal(parseHostPort(target), undefined, target)
  t.equal(httpsHost({ host: 'x', port: 443 }), 'x')
  t.equal(httpsHost({ host: 'x', port: 8443 }), 'x:8443')
})
