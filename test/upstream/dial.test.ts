import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type DialOptions, dial, type Lookup, systemLookup } from '../../src/upstream/connection/dial.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { blackhole } from '../support/blackhole.ts'
import { settle, testClock } from '../support/clock.ts'
import { freePort } from '../support/free-port.ts'

/** A server that accepts connections, and the connections. */
async function listener(t: Test, host = '127.0.0.1', port = 0) {
  const sockets: Socket[] = []
  const server = createServer(socket => sockets.push(socket.on('error', () => {}))).listen(port, host)
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

/** A lookup that gives these addresses; the family of one may be overridden. */
function named(...addresses: (string | [address: string, family: number])[]): Lookup {
  const found = addresses.map(each => (typeof each === 'string' ? ([each, 4] as const) : each))
  return async () => found.map(([address, family]) => ({ address, family }))
}

function options(lookup: Lookup, more: Partial<DialOptions> = {}): DialOptions {
  return { clock: testClock(), lookup, signal: new AbortController().signal, ...more }
}

async function addressOf(t: Test, dialed: Promise<Socket>): Promise<string | undefined> {
  const socket = await dialed
  t.teardown(() => socket.destroy())
  return socket.remoteAddress
}

t.test('an address is dialed directly, a name at its first address that accepts', async t => {
  const { port } = await listener(t)
  const never: Lookup = () => t.fail('an address is not looked up') as never
  t.equal(await addressOf(t, dial({ host: '127.0.0.1', port }, options(never))), '127.0.0.1')
  t.equal(await addressOf(t, dial({ host: 'localhost', port }, options(systemLookup))), '127.0.0.1')
  t.equal(await addressOf(t, dial({ host: 'two.test', port }, options(named('127.0.0.1', '127.0.0.2')))), '127.0.0.1')
})

t.test('an address that refuses is skipped at once', async t => {
  const { port } = await listener(t)
  const lookup = named('127.0.0.2', '127.0.0.3', '127.0.0.1')
  t.equal(await addressOf(t, dial({ host: 'three.test', port }, options(lookup))), '127.0.0.1')
})

t.test('a dead address costs 250 ms, and its attempt ends once another succeeds', async t => {
  const { port, sockets } = await listener(t)
  await blackhole(t, '127.0.0.2', port)
  const clock = testClock()
  const dialed = dial({ host: 'two.test', port }, options(named('127.0.0.2', '127.0.0.1'), { clock }))
  await settle()
  await clock.advance(249)
  t.equal(sockets.length, 0)
  await clock.advance(1)
  t.equal(await addressOf(t, dialed), '127.0.0.1')
})

t.test('a slow address is not dropped while others are tried', async t => {
  const { port, release } = await blackhole(t, '127.0.0.2')
  await blackhole(t, '127.0.0.3', port)
  const clock = testClock()
  const dialed = dial({ host: 'two.test', port }, options(named('127.0.0.2', '127.0.0.3'), { clock }))
  for (let time = 0; time < 5_000; time += 250) await clock.advance(250)
  release()
  t.equal(await addressOf(t, dialed), '127.0.0.2')
})

t.test('address families alternate', async t => {
  const port = await freePort()
  const lookup = named(['127.0.0.1', 6], ['127.0.0.2', 6], ['127.0.0.3', 6], ['127.0.0.4', 4])
  const order = async (lookup: Lookup) =>
    ((await failureOf(dial({ host: 'x.test', port }, options(lookup)))) as AggregateError).errors.map(
      ({ address }) => address,
    )
  t.strictSame(await order(lookup), ['127.0.0.1', '127.0.0.4', '127.0.0.2', '127.0.0.3'])
  const fewer = named(['127.0.0.1', 4], ['127.0.0.2', 6], ['127.0.0.3', 6])
  t.strictSame(await order(fewer), ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
})

t.test('if all fail, the errors that say most about the host come first', async t => {
  const port = await freePort()
  // no system connects to a broadcast or multicast address
  const failure = await failureOf(dial({ host: 'x.test', port }, options(named('224.0.0.1', '127.0.0.1'))))
  t.match(failure, { errors: [{ code: 'ECONNREFUSED' }, { address: '224.0.0.1' }] })
  t.match(await failureOf(dial({ host: 'x.test', port }, options(named('127.0.0.1')))), { code: 'ECONNREFUSED' })
  t.match(await failureOf(dial({ host: 'none.invalid', port }, options(systemLookup))), { syscall: 'getaddrinfo' })
})

t.test('a signal ends all attempts', async t => {
  const { port } = await blackhole(t, '127.0.0.2')
  const ending = new AbortController()
  const lookup = named('127.0.0.2', '127.0.0.2')
  const failure = failureOf(dial({ host: 'x.test', port }, options(lookup, { signal: ending.signal })))
  await settle()
  ending.abort(new Error('enough'))
  t.match(await failure, { message: 'enough' })
  const before = options(lookup, { signal: AbortSignal.abort(new Error('before')) })
  t.match(await failureOf(dial({ host: 'x.test', port }, before)), { message: 'before' })
})
