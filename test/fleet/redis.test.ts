import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { InvalidValue } from '../../src/config/fault.ts'
import { PREFIX } from '../../src/fleet/prefix.ts'
import { script } from '../../src/fleet/script.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { testClock } from '../support/clock.ts'
import { type Answer, failing, healthy, startFakeRedis } from '../support/fake-redis.ts'
import { issue, makeCa } from '../support/pki.ts'
import { connectStore, redisConfig } from '../support/store.ts'
import { until } from '../support/until.ts'

const ONE = script('one', 'return 1')
const CHANNEL = `${PREFIX}channel`

/** Longer than the longest wait between two attempts, in milliseconds. */
const WAIT = 2001

/** A fake Redis and a connection to it, with a clock that the test moves. */
async function startPair(t: Test, answer: Answer = healthy) {
  const fake = await startFakeRedis(t, answer)
  const clock = testClock()
  const store = connectStore(t, redisConfig(fake.url), clock)
  const count = (name: string) => fake.commands.filter(([each]) => each === name).length
  return { fake, clock, store, count, run: () => store.run(ONE, ['k'], ['a']) }
}

t.test('a connection counts once a script could write, and sends no more than it must', async t => {
  const { fake, store, run } = await startPair(t)
  t.same(store.told, [])
  await t.rejects(run(), { message: 'there is no connection to Redis' })
  await store.connected()
  t.same(
    fake.commands.map(([name]) => name),
    ['HELLO', 'HELLO', 'EVALSHA'],
  )
  t.same(fake.commands[0], ['HELLO', '3', 'SETNAME', 'prismacloud-proxy'])
  t.match(fake.commands[2], ['EVALSHA', /^[0-9a-f]{40}$/, '1', `${PREFIX}probe`])
  t.equal(await run(), 1)
  t.same(fake.commands.at(-1), ['EVALSHA', ONE.sha, '1', 'k', 'a'])
})

t.test('a script is sent in full if the server has not seen it, or allows only that', async t => {
  for (const error of ['NOSCRIPT No matching script.', "ERR unknown command 'EVALSHA'"]) {
    const { fake, store, run } = await startPair(t, failing({ EVALSHA: error }))
    await store.connected()
    t.equal(await run(), 1)
    t.same(fake.commands.at(-1), ['EVAL', ONE.lua, '1', 'k', 'a'])
  }
})

t.test('a script that fails by itself is no reason to leave', async t => {
  const { fake, store, run } = await startPair(t)
  await store.connected()
  fake.answer = failing({ EVALSHA: 'ERR user_script:1: attempt to call a nil value' })
  await t.rejects(run(), { message: /nil value/ })
  t.same(store.told, ['connected'])
})

t.test('a server on which no script can write is left until one can', async t => {
  for (const error of ['OOM command not allowed', "READONLY You can't write", 'NOPERM no permissions']) {
    const { fake, clock, store, run } = await startPair(t)
    await store.connected()
    fake.answer = failing({ EVALSHA: error })
    await t.rejects(run(), { message: error })
    await store.lost()
    await t.rejects(run(), { message: 'there is no connection to Redis' })
    await until(() => fake.connections() === 0)
    fake.answer = healthy
    await clock.advance(WAIT)
    await store.connected(2)
    t.equal(await run(), 1)
  }
})

t.test('the login is sent, and read anew for each attempt', async t => {
  const fake = await startFakeRedis(t, command =>
    command.includes('right') ? healthy(command) : new Error('WRONGPASS invalid username-password pair'),
  )
  const clock = testClock()
  let password = 'wrong'
  const readPassword = async () => new Secret(password)
  const store = connectStore(t, redisConfig(fake.url, { username: 'proxy', readPassword }), clock)
  t.match(await store.lost(), /^Redis rejected the password/)
  fake.answer = healthy
  password = 'right'
  await clock.advance(WAIT)
  await store.connected()
  t.same(fake.commands.at(-2)?.slice(0, 5), ['HELLO', '3', 'AUTH', 'proxy', 'right'])
})

t.test('without a user the password is that of the default user', async t => {
  const fake = await startFakeRedis(t)
  await connectStore(t, redisConfig(`${fake.url}/2`, { password: 'right' })).connected()
  t.same(fake.commands[0]?.slice(0, 5), ['HELLO', '3', 'AUTH', 'default', 'right'])
  t.ok(fake.commands.some(command => command.join(' ') === 'SELECT 2'))
})

t.test('a password file that cannot be read is named', async t => {
  const fake = await startFakeRedis(t)
  const readPassword = () => Promise.reject(new InvalidValue('does not exist', 'name a file'))
  const store = connectStore(t, redisConfig(fake.url, { readPassword }))
  t.equal(await store.lost(), 'fleet.redisPasswordFile does not exist: name a file')
})

t.test('attempts go on for ever, from 0.1 to 2 seconds apart, and tell a reason once', async t => {
  const fake = await startFakeRedis(t, failing({ HELLO: 'NOAUTH Authentication required.' }))
  const clock = testClock()
  const waits: number[] = []
  const setTimeout: Clock['setTimeout'] = (run, ms) => {
    if (ms < 3000) waits.push(ms)
    return clock.setTimeout(run, ms)
  }
  const store = connectStore(t, redisConfig(fake.url), { ...clock, setTimeout })
  for (let attempt = 1; attempt <= 20; attempt++) {
    await until(() => waits.length === attempt)
    await clock.advance(WAIT)
  }
  t.ok(waits.every(wait => wait >= 100 && wait <= 2000))
  t.ok(Math.max(...waits) > 200)
  t.match(store.told, [/^Redis requires a password/])
  fake.answer = failing({ HELLO: 'LOADING Redis is loading the dataset in memory' })
  await until(() => waits.length === 21)
  await clock.advance(WAIT)
  await until(() => store.told.length === 2)
  t.match(store.told[1], /^Redis is loading/)
})

t.test('a connection that breaks is restored, and so is what it listened to', async t => {
  const { fake, clock, store, run } = await startPair(t)
  const heard: string[] = []
  store.listen(CHANNEL, message => heard.push(`early ${message}`))
  await store.connected()
  store.listen(CHANNEL, message => heard.push(message))
  fake.cut()
  t.match(await store.lost(), /^Redis closed the connection/)
  await clock.advance(WAIT)
  await store.connected(2)
  fake.publish(CHANNEL, 'hello')
  await until(() => heard.length === 2)
  t.same(heard.sort(), ['early hello', 'hello'])
  t.equal(await run(), 1)
})

t.test('a channel that may not be listened to is a reason to leave', async t => {
  const { fake, store } = await startPair(t, failing({ SUBSCRIBE: 'NOPERM no permissions' }))
  await store.connected()
  store.listen(CHANNEL, () => undefined)
  t.match(await store.lost(), /lacks a permission/)
  await until(() => fake.connections() === 0)
})

t.test('a server that stands still while a connection is made is given up', async t => {
  const { fake, clock, store, count } = await startPair(t, () => undefined)
  await until(() => count('HELLO') === 2)
  await clock.advance(2900)
  t.same(store.told, [])
  await clock.advance(100)
  t.match(store.told, [/^Redis does not respond in time/])
  await until(() => fake.connections() === 0)
  fake.answer = healthy
  await clock.advance(WAIT)
  await store.connected()
})

t.test('a script without a reply is a reason to leave, after a second', async t => {
  const { fake, clock, store, run } = await startPair(t)
  await store.connected()
  fake.answer = () => undefined
  const running = run().catch((error: Error) => error)
  await clock.advance(900)
  t.same(store.told, ['connected'])
  await clock.advance(100)
  t.match(await store.lost(), /^Redis does not respond in time/)
  t.match(await running, Error)
})

t.test('a server that is gone is noticed while nothing is sent', async t => {
  const { fake, clock, store, count } = await startPair(t)
  await store.connected()
  for (const pings of [2, 4]) {
    await clock.advance(5001)
    await until(() => count('PING') === pings)
    await clock.advance(0)
  }
  fake.answer = () => undefined
  await clock.advance(5001)
  await until(() => count('PING') === 6)
  await clock.advance(1001)
  t.match(await store.lost(), /^Redis does not respond in time/)
})

t.test('a connection that is closed stays closed, whatever it was doing', async t => {
  const { fake, clock, store } = await startPair(t)
  await store.connected()
  await store.close()
  await until(() => fake.connections() === 0)
  const opening = await startPair(t, () => undefined)
  await until(() => opening.count('HELLO') === 2)
  await opening.store.close()
  await until(() => opening.fake.connections() === 0)
  const waiting = await startPair(t, failing({ HELLO: 'NOAUTH' }))
  await waiting.store.lost()
  await waiting.store.close()
  for (const each of [clock, opening.clock, waiting.clock]) await each.advance(60_000)
  t.same([store.told, opening.store.told, waiting.store.told.length], [['connected'], [], 1])
  t.same(
    [fake, opening.fake, waiting.fake].map(each => each.connections()),
    [0, 0, 0],
  )
})

t.test('a connection that is closed before it is there is closed once it is', async t => {
  const ca = await makeCa()
  const held: Socket[] = []
  const server = createServer(socket => held.push(socket)).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const store = connectStore(t, redisConfig(`rediss://127.0.0.1:${port}`, { authorities: ca.cert }))
  await until(() => held.length === 2)
  await store.close()
  const identity = await issue(ca, { names: ['127.0.0.1'] })
  const encrypted = held.map(socket => new TLSSocket(socket, { isServer: true, ...identity }).resume())
  await Promise.all(encrypted.map(socket => once(socket, 'close')))
  t.same(store.told, [])
})

t.test('TLS is verified, with the given CA, and the client certificate is shown', async t => {
  const [ca, other] = [await makeCa(), await makeCa('CN=Other CA')]
  const server = await issue(ca, { names: ['127.0.0.1'] })
  const fake = await startFakeRedis(t, healthy, { ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: true })
  const { cert, key } = await issue(ca, { names: ['proxy'] })
  const identity = { cert, key: new Secret(key) }
  await connectStore(t, redisConfig(fake.url, { authorities: ca.cert, identity })).connected()
  const mistrusting = connectStore(t, redisConfig(fake.url, { authorities: other.cert, identity }))
  t.match(await mistrusting.lost(), /is not trusted: name its CA in fleet\.redisCaFile/)
  const unknown = connectStore(t, redisConfig(fake.url, { authorities: ca.cert }))
  t.match(await unknown.lost(), /client certificate \(fleet\.redisCertFile\)|closed the connection/)
})
