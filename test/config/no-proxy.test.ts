import t from 'tap'
import { isExempt } from '../../src/config/network/no-proxy.ts'

const exempt = (url: string, noProxy: string) => isExempt(new URL(url), noProxy)

const rows: Readonly<Record<string, { yes: readonly string[]; no: readonly string[] }>> = {
  'https://api2.prismacloud.io': {
    yes: [
      'api2.prismacloud.io',
      'API2.PrismaCloud.IO',
      'prismacloud.io',
      '.prismacloud.io',
      '*.prismacloud.io',
      'api2.prismacloud.io.',
      '.prismacloud.io.',
      'api2.prismacloud.io:443',
      'prismacloud.io:443',
      'a,*',
      '*,a',
      ' * ',
      'a,\t b ,prismacloud.io',
      'a\nprismacloud.io',
      ',,prismacloud.io,',
    ],
    no: [
      '',
      ' ',
      ',',
      'ismacloud.io',
      'api2',
      'api2.prismacloud',
      'api2.prismacloud.io.example',
      'prismacloud.io:8443',
      'https://api2.prismacloud.io',
      'api2.prismacloud.io/x',
      '*prismacloud.io',
      '.',
      '*.',
      '0.0.0.0/0',
      '::/0',
    ],
  },
  'https://api2.prismacloud.io:8443': { yes: ['prismacloud.io:8443', 'prismacloud.io'], no: ['prismacloud.io:443'] },
  'https://gateway.corp.': { yes: ['corp', 'gateway.corp', 'gateway.corp.'], no: ['gateway'] },
  'https://localhost': { yes: ['localhost', 'localhost.', 'LOCALHOST', '.localhost'], no: ['127.0.0.1', '::1'] },
  'https://b%C3%BCcher.example': {
    yes: ['bücher.example', 'xn--bcher-kva.example', '.example'],
    no: ['bucher.example'],
  },
  'https://10.1.2.3': {
    yes: ['10.1.2.3', '10.1.2.3:443', '10.0.0.0/8', '10.1.2.3/32', '0.0.0.0/0', 'a 10.1.0.0/16', '10.66051'],
    no: [
      '10.0.0.0/16',
      '10.1.2.3/33',
      '10.1.2.0/33',
      '2.3',
      '.3',
      '10.',
      '10.0.0.0/',
      '10.1.2.3:80',
      'fd00::/8',
      '10.1.2.3/x',
    ],
  },
  'https://[::1]:8443': {
    yes: ['::1', '[::1]', '[::1]:8443', '0:0:0:0:0:0:0:1', '::/64', '[::]/64', '::1/128'],
    no: ['[::1]:443', '::2', '::1/129', '127.0.0.0/8', '1'],
  },
  'https://[fd00::5]': { yes: ['fd00::/8', 'FD00::5', 'x,fd00::5'], no: ['fe80::/10', 'fd00::/128'] },
  'https://[::ffff:10.1.2.3]': { yes: ['10.0.0.0/8', '::ffff:10.1.2.3', '::ffff:a01:203'], no: ['11.0.0.0/8'] },
}

for (const [url, { yes, no }] of Object.entries(rows)) {
  t.test(`${url} is reached directly if NO_PROXY exempts it`, async t => {
    for (const noProxy of yes) t.ok(exempt(url, noProxy), JSON.stringify(noProxy))
    for (const noProxy of no) t.notOk(exempt(url, noProxy), JSON.stringify(noProxy))
  })
}
