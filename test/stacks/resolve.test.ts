import t from 'tap'
import { StackError } from '../../src/stacks/error.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'

const APP2 = {
  stack: 'app2',
  console: 'https://app2.prismacloud.io',
  origin: 'https://api2.prismacloud.io',
  basePath: '',
}
const EU = {
  stack: 'app2.eu',
  console: 'https://app2.eu.prismacloud.io',
  origin: 'https://api2.eu.prismacloud.io',
  basePath: '',
}
const CHINA = { stack: 'app.cn', console: 'https://app.prismacloud.cn', origin: 'https://api.prismacloud.cn' }

const vendor = [
  { typed: 'app2', meant: { ...APP2, from: 'stack' } },
  { typed: ' APP2.eu ', meant: { ...EU, from: 'stack' } },
  { typed: 'app2/', meant: { ...APP2, from: 'stack' } },
  { typed: 'https://app2', meant: { ...APP2, from: 'stack' } },
  { typed: 'api2.eu', meant: { ...EU, from: 'api' } },
  { typed: 'https://app2.prismacloud.io', meant: { ...APP2, from: 'console' } },
  { typed: 'app2.prismacloud.io/alerts/overview?x=1#!/y', meant: { ...APP2, from: 'console' } },
  { typed: 'HTTPS://App2.EU.PrismaCloud.IO:443/', meant: { ...EU, from: 'console' } },
  { typed: 'app2.prismacloud.io.', meant: { ...APP2, from: 'console' } },
  { typed: 'api2.prismacloud.io', meant: { ...APP2, from: 'api' } },
  { typed: 'https://api2.eu.prismacloud.io/login/', meant: { ...EU, from: 'api' } },
  { typed: 'app.cn', meant: { ...CHINA, from: 'stack' } },
  { typed: 'app.prismacloud.cn', meant: { ...CHINA, from: 'console' } },
  { typed: 'api.prismacloud.cn', meant: { ...CHINA, from: 'api' } },
  { typed: 'app7', meant: { stack: 'app7', origin: 'https://api7.prismacloud.io', from: 'stack' } },
  { typed: 'app3.br', meant: { stack: 'app3.br', origin: 'https://api3.br.prismacloud.io', from: 'stack' } },
  { typed: 'app9.za.prismacloud.io', meant: { stack: 'app9.za', origin: 'https://api9.za.prismacloud.io' } },
  { typed: 'api2.prismacloud.cn', meant: { stack: 'app2.cn', console: 'https://app2.prismacloud.cn' } },
]

t.test('a stack is found by its name, console or API, in any spelling', async t => {
  for (const { typed, meant } of vendor) t.match(resolveApi(typed), meant, typed)
})

const custom = [
  { typed: 'https://gateway.corp.example', origin: 'https://gateway.corp.example', basePath: '' },
  {
    typed: 'https://gateway.corp.example:8443/Prisma/v1//',
    origin: 'https://gateway.corp.example:8443',
    basePath: '/Prisma/v1',
  },
  { typed: 'gateway.corp.example/x', origin: 'https://gateway.corp.example', basePath: '/x' },
  { typed: 'https://gateway', origin: 'https://gateway', basePath: '' },
  { typed: 'https://app.corp', origin: 'https://app.corp', basePath: '' },
  { typed: 'localhost:8443', origin: 'https://localhost:8443', basePath: '' },
  { typed: 'http://localhost:8080', origin: 'http://localhost:8080', basePath: '' },
  { typed: 'http://sim.localhost:8080/x', origin: 'http://sim.localhost:8080', basePath: '/x' },
  { typed: 'http://127.8.9.1', origin: 'http://127.8.9.1', basePath: '' },
  { typed: 'http://[::1]:8080', origin: 'http://[::1]:8080', basePath: '' },
]

t.test('a custom base URL is kept, without its trailing slash', async t => {
  for (const { typed, origin, basePath } of custom)
    t.strictSame(resolveApi(typed), { stack: null, console: null, origin, basePath, from: 'custom' }, typed)
})

const refused = [
  { typed: '', says: 'is not an address; expected a stack name such as app2' },
  { typed: '   ', says: 'is not an address' },
  { typed: 'https://', says: 'is not an address' },
  { typed: 'https://app2 .prismacloud.io', says: 'is not an address' },
  { typed: 'ap\tp2', says: 'is not an address' },
  { typed: 'ap3', says: 'did you mean app?' },
  { typed: 'appp2.eu', says: 'did you mean app2.eu?' },
  { typed: 'aap2.eu', says: 'did you mean app2.eu? (for a host of your own' },
  { typed: 'https://app2.prismaclod.io', says: 'did you mean app2.prismacloud.io?' },
  { typed: 'https://api2.prismacloud.com', says: 'did you mean api2.prismacloud.io?' },
  { typed: 'production', says: 'is not a known stack; expected a stack name' },
  { typed: 'https:/app2.prismacloud.io', says: 'is not a known stack' },
  { typed: 'app2.prismacloud.io:8443', says: 'remove the port' },
  { typed: 'https://user:hunter22@api2.prismacloud.io', says: 'contains a user or password' },
  { typed: 'user@api2.prismacloud.io', says: 'contains a user or password' },
  { typed: 'https://:hunter22@api2.prismacloud.io', says: 'contains a user or password' },
  { typed: 'ftp://api2.prismacloud.io', says: 'is neither https nor http' },
  { typed: 'http://api2.prismacloud.io', says: 'use https://' },
  { typed: 'http://127.evil.example', says: 'use https://' },
  { typed: 'https://gateway.corp.example/?token=hunter22', says: 'has a query or fragment' },
  { typed: 'https://gateway.corp.example/#x', says: 'has a query or fragment' },
  { typed: 'https://us-east1.cloud.twistlock.com/us-2-158', says: 'is a Compute console' },
  { typed: 'us-east1.cloud.twistlock.com', says: 'e.g. app2' },
]

t.test('an address that leads to no API is refused with a cure, and without the password in it', async t => {
  for (const { typed, says } of refused) {
    const error = t.throws(() => resolveApi(typed), typed)
    t.ok(error instanceof StackError, typed)
    t.match(`${error}`, says, typed)
    t.notMatch(`${error}`, 'hunter22')
  }
})
