import t from 'tap'
import { isSameBase } from '../../src/stacks/base.ts'
import { isConsoleHost, resolveCompute } from '../../src/stacks/compute.ts'
import { StackError } from '../../src/stacks/error.ts'

const CONSOLE = { origin: 'https://us-east1.cloud.twistlock.com', basePath: '/us-1-123456789' }

t.test('a Compute console is found by its address, as people copy it', async t => {
  for (const typed of [
    'https://us-east1.cloud.twistlock.com/us-1-123456789',
    ' us-east1.cloud.twistlock.com/us-1-123456789/ ',
    'https://us-east1.cloud.twistlock.com:443/us-1-123456789/api/v1',
    'https://us-east1.cloud.twistlock.com/us-1-123456789/api/v34.01',
    'https://us-east1.cloud.twistlock.com/us-1-123456789/api',
  ])
    t.strictSame(resolveCompute(typed), CONSOLE, typed)
  t.strictSame(resolveCompute('http://localhost:8083'), { origin: 'http://localhost:8083', basePath: '' })
})

t.test('the hosts of Compute consoles are recognized', async t => {
  for (const host of ['us-east1.cloud.twistlock.com', 'a.cloud.twistlock.com']) t.ok(isConsoleHost(host), host)
  for (const host of [
    'cloud.twistlock.com',
    'a.b.cloud.twistlock.com',
    '-.cloud.twistlock.com',
    `${'a'.repeat(64)}.cloud.twistlock.com`,
    'a.cloud.twistlock.com.evil.example',
    'acloud.twistlock.com',
  ])
    t.notOk(isConsoleHost(host), host)
})

t.test('two base URLs are equal if origin and path are', async t => {
  t.ok(isSameBase(CONSOLE, { ...CONSOLE }))
  t.notOk(isSameBase(CONSOLE, { ...CONSOLE, basePath: '' }))
  t.notOk(isSameBase(CONSOLE, { ...CONSOLE, origin: 'https://x' }))
  t.notOk(isSameBase(CONSOLE, undefined))
})

t.test('any other address is refused with a cure, and without the password in it', async t => {
  for (const [typed, says] of [
    ['', 'is not an address'],
    ['http://us-east1.cloud.twistlock.com/x', 'use https://'],
    ['https://user:hunter22@console.example', 'contains a user or password'],
    ['https://console.example/?x=hunter22', 'has a query or fragment'],
    ['https://app2.prismacloud.io/compute', 'is the Prisma Cloud console'],
    ['app.prismacloud.cn', 'is the Prisma Cloud console'],
    ['ftp://console.example', 'is neither https nor http'],
    ['https://us-east1.cloud.twistlock.com/api/v1', 'has no console id in its path'],
  ] as const) {
    const error = t.throws(() => resolveCompute(typed), typed)
    t.ok(error instanceof StackError, typed)
    t.match(`${error}`, says, typed)
    t.notMatch(`${error}`, 'hunter22')
  }
})
