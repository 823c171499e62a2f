import t from 'tap'
import { isLoopback } from '../../src/stacks/loopback.ts'
import { stackOf, stacks } from '../../src/stacks/stacks.ts'

t.test('the table has the published stacks', async t => {
  t.equal(stacks.length, 16)
  t.strictSame(stacks[0], { name: 'app', console: 'https://app.prismacloud.io', api: 'https://api.prismacloud.io' })
  for (const stack of stacks) t.strictSame(stackOf(stack.name), stack)
})

t.test('stacks in China have a domain of their own', async t => {
  t.strictSame(stackOf('app.cn'), {
    name: 'app.cn',
    console: 'https://app.prismacloud.cn',
    api: 'https://api.prismacloud.cn',
  })
})

t.test('only names that always mean this machine are loopback', async t => {
  for (const host of [
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.b.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '[::1]',
  ])
    t.ok(isLoopback(host), host)
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '127.0.0.1.evil.example',
    '127.evil',
    'notlocalhost',
    'localhost.evil',
  ])
    t.notOk(isLoopback(host), host)
})
