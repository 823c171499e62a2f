// What goes wrong with Redis while three proxies serve clients: no request fails, and all is shared again afterwards.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FREE, PACED, startFleet } from '../support/fleet.ts'
import { newFolder } from '../support/folder.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

/** Something that takes Redis away for a while. */
interface Outage {
  readonly begin: (redis: RedisServer) => unknown
  /** Absent if it ends by itself. */
  readonly end?: (redis: RedisServer) => unknown
  readonly reason: RegExp
}

const SILENT = /no answer within 100 ms|does not respond in time/

const OUTAGES: Record<string, Outage> = {
  'stands still': { begin: redis => redis.freeze(), end: redis => redis.thaw(), reason: SILENT },
  'is killed and comes back empty': {
    begin: redis => redis.kill(),
    end: redis => redis.restart(),
    reason: /closed the connection|refuses connections/,
  },
  'is paused': { begin: redis => redis.cli('CLIENT', 'PAUSE', '2500', 'ALL'), reason: SILENT },
  sleeps: { begin: redis => void redis.cli('DEBUG', 'SLEEP', '2.5'), reason: SILENT },
  'has no memory left': {
    begin: redis => redis.cli('CONFIG', 'SET', 'maxmemory', '1'),
    end: redis => redis.cli('CONFIG', 'SET', 'maxmemory', '0'),
    reason: /no memory left/,
  },
  'becomes a replica': {
    begin: redis => redis.cli('REPLICAOF', '127.0.0.1', '1'),
    end: redis => redis.cli('REPLICAOF', 'NO', 'ONE'),
    reason: /read-only replica/,
  },
}

for (const [name, { begin, end, reason }] of Object.entries(OUTAGES)) {
  t.test(`no client notices that Redis ${name}`, async t => {
    const redis = await startRedis(t)
    const fleet = await startFleet(t, redis.url)
    await fleet.share()
    const stop = fleet.load()
    await begin(redis)
    await fleet.are('down')
    if (end)
      for (const member of fleet.members) await until(async () => reason.test(`${(await member.fleet()).reason}`))
    await end?.(redis)
    await fleet.are('up')
    await fleet.share()
    t.same(await stop(), [])
    for (const { said } of fleet.members) {
      checkLines(t, said())
      t.same(
        said().filter(line => line !== 'sharing' && !reason.test(line) && !SILENT.test(line)),
        [],
        'no other reason',
      )
    }
  })
}

t.test('requests that need nothing of Redis do not touch it', async t => {
  const redis = await startRedis(t)
  const fleet = await startFleet(t, redis.url)
  const [member] = fleet.members as [(typeof fleet.members)[0]]
  const calls = () => Promise.all(['draw', 'report', 'spend'].map(call => drawn(`call="${call}"`)))
  const drawn = (labels: string) => member.metric('prismacloud_proxy_fleet_calls_total', labels)
  t.equal(await member.ask(FREE), 200)
  t.equal(await member.ask(PACED), 200)
  // what a response says of the limit is reported after it
  await until(async () => {
    const [draws, reports] = await calls()
    return draws !== 0 && draws === reports
  })
  const before = await calls()
  for (let n = 0; n < 50; n++) t.equal(await member.ask(FREE), 200)
  t.same(await calls(), before)
  t.equal(await member.ask(PACED), 200)
  t.notSame(await calls(), before)
})

t.test('no member notices that Redis forgets everything', async t => {
  const redis = await startRedis(t)
  const fleet = await startFleet(t, redis.url)
  const stop = fleet.load()
  for (const command of ['FLUSHALL', 'SCRIPT FLUSH', 'FLUSHALL']) {
    await redis.cli(...command.split(' '))
    await fleet.share()
  }
  t.same(await stop(), [])
  for (const { said } of fleet.members) {
    checkLines(t, said())
    t.same(
      said().filter(line => line !== 'sharing' && !SILENT.test(line)),
      [],
      'nothing has failed',
    )
  }
})

t.test('a changed password is read when the connections are gone', async t => {
  const redis = await startRedis(t, { password: 'first-password' })
  const file = join(newFolder(t), 'password')
  writeFileSync(file, 'first-password')
  const fleet = await startFleet(t, redis.url, { env: { PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD_FILE: file } })
  const stop = fleet.load()
  await redis.cli('CONFIG', 'SET', 'requirepass', 'second-password')
  for (const type of ['normal', 'pubsub']) await redis.cli('-a', 'second-password', 'CLIENT', 'KILL', 'TYPE', type)
  for (const member of fleet.members)
    await until(async () => /rejected the password/.test(`${(await member.fleet()).reason}`))
  writeFileSync(file, 'second-password')
  await fleet.are('up')
  await fleet.share()
  t.same(await stop(), [])
  for (const { said } of fleet.members) checkLines(t, said())
})

t.test('members start without a Redis that says nothing, and share once it does', async t => {
  const redis = await startRedis(t)
  const front = await frontEnd(t, redis)
  front.isSilent = true
  const fleet = await startFleet(t, front.url)
  const stop = fleet.load()
  await fleet.are('down')
  for (const member of fleet.members) t.match((await member.fleet()).reason, /no connection within|not respond in time/)
  front.isSilent = false
  await fleet.are('up')
  await fleet.share()
  front.isSilent = true
  await fleet.are('down')
  front.isSilent = false
  await fleet.are('up')
  await fleet.share()
  // without Redis, those that have never seen each other do not know how many they are
  t.same(
    (await stop()).filter(failure => failure !== `${PACED}: 429`),
    [],
  )
  for (const { said } of fleet.members) checkLines(t, said())
})

t.test('where scripts are forbidden, each member goes on alone', async t => {
  const lines = ['EVAL', 'EVALSHA', 'SCRIPT'].map(command => `rename-command ${command} ""`)
  const redis = await startRedis(t, { lines })
  const fleet = await startFleet(t, redis.url)
  const stop = fleet.load()
  await fleet.are('down')
  for (const member of fleet.members) {
    t.match((await member.fleet()).reason, /does not allow scripts/)
    t.equal(await member.ask(PACED), 200)
  }
  t.same(await stop(), [])
  for (const { said } of fleet.members) t.match(said(), [/^alone/], 'one line')
})

t.test('where scripts cannot be kept, they are sent each time', async t => {
  const lines = ['EVALSHA', 'SCRIPT'].map(command => `rename-command ${command} ""`)
  const fleet = await startFleet(t, (await startRedis(t, { lines })).url)
  const stop = fleet.load()
  await fleet.share()
  await fleet.are('up')
  t.same(await stop(), [])
})

/** Each change is told once. On a busy machine there are more than the test brings about: Redis takes longer than 100 ms. */
function checkLines(t: Test, said: readonly string[]): void {
  const kinds = said.map(line => line.split(':')[0])
  t.ok(kinds.length > 0)
  t.same(
    kinds.filter((kind, at) => kind === kinds[at - 1]),
    [],
    said.join('; '),
  )
}

/** Something before Redis that accepts connections, and says nothing on any while it is silent. */
async function frontEnd(t: Test, redis: RedisServer) {
  const sockets = new Set<Socket>()
  const front = { url: '', isSilent: false }
  const server = createServer(client => {
    const server = connect({ host: redis.host, port: redis.port })
    const pass = (from: Socket, to: Socket) =>
      from
        .on('data', chunk => front.isSilent || to.write(chunk))
        .on('error', () => {})
        .on('close', () => to.destroy())
    pass(client, server)
    pass(server, client)
    for (const socket of [client, server]) sockets.add(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  front.url = `redis://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return front
}
