import { once } from 'node:events'
import { createSecureServer, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { ask } from '../../src/upstream/ask.ts'
import type { DispatchOptions } from '../../src/upstream/dispatcher.ts'
import { ConnectError } from '../../src/upstream/errors.ts'
import type { PoolOptions } from '../../src/upstream/pool/pool-options.ts'
import { settle, testClock } from '../support/clock.ts'
import { ca, certified } from '../support/http2.ts'
import { connectTrusting, makePool } from '../support/pool.ts'
import { until } from '../support/until.ts'

const connectTo = connectTrusting(ca.cert)

/** A pool that keeps connections warm, and an upstream whose answers wait until the test gives them. */
async function start(t: Test, options: Partial<PoolOptions> = {}) {
  const clock = testClock()
  const sessions: ServerHttp2Session[] = []
  const waiting: { version: string; response: Http2ServerResponse }[] = []
  const counts = { connections: 0 }
  /** How many connections the pool has opened, by what the upstream chose. */
  const opened = { h2: 0, 'http/1.1': 0 }
  const server = createSecureServer({ ...certified, allowHTTP1: true }, (request, response) => {
    request.resume()
    waiting.push({ version: request.httpVersion, response })
  })
  server.on('session', session => {
    sessions.push(session)
    // the pool speaks HTTP/2 on it
    session.once('localSettings', () => opened.h2++)
    t.teardown(() => session.destroy())
  })
  server.on('secureConnection', socket => {
    counts.connections++
    t.teardown(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `https://localhost:${(server.address() as AddressInfo).port}`
  const limits = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 1024 }
  let asked = 0
  const untilNoneOpens = () => until(() => opened.h2 + opened['http/1.1'] === asked)
  const connect: PoolOptions['connect'] = async (...args) => {
    asked++
    const socket = await (options.connect ?? connectTo)(...args)
    if ((socket as TLSSocket).alpnProtocol === 'http/1.1') opened['http/1.1']++
    return socket
  }
  const pool = makePool(t, { clock, warmFor: () => 1_800_000, http2: true, limits, ...options, connect })
  const send = (request: Partial<DispatchOptions> = {}) =>
    ask(
      pool,
      { path: '/', method: 'GET', ...request, origin: url, headers: (request.headers ?? []) as string[] },
      { clock, timeout: 86_400_000 },
    )
  const answer = () => {
    for (const { response } of waiting.splice(0)) response.end('ok')
  }
  /** Makes requests at the same time, and tells in which versions they arrived. */
  const sendAtOnce = async (count: number) => {
    const all = Promise.all(Array.from({ length: count }, () => send()))
    await until(() => waiting.length === count)
    const versions = waiting.map(({ version }) => version)
    answer()
    await all
    return versions.sort()
  }
  /** Waits until the pool has opened so many connections of a kind. */
  const untilOpened = async (protocol: keyof typeof opened, count: number) => {
    await until(() => opened[protocol] === count)
    await settle()
  }
  /** Lets seconds pass, and what they cause begin. */
  const pass = async (seconds = 1) => {
    for (let second = 0; second < seconds; second++) {
      await clock.advance(1_000)
      await settle()
    }
  }
  return { untilOpened, untilNoneOpens, pool, clock, sessions, waiting, counts, send, sendAtOnce, pass, answer, url }
}

/** Has the first request open the connections. */
async function started(t: Test, options: Partial<PoolOptions> = {}) {
  const all = await start(t, options)
  await all.sendAtOnce(1)
  await all.untilOpened('h2', 1)
  return all
}

t.test(
  'requests for which no connection is ready share one over HTTP/2, and the next time each has its own',
  async t => {
    const { counts, sendAtOnce, pass, untilOpened } = await started(t)
    t.strictSame(await sendAtOnce(8), ['1.1', ...Array(7).fill('2.0')])
    t.equal(counts.connections, 2)
    await pass()
    await untilOpened('http/1.1', 8)
    t.strictSame(await sendAtOnce(8), Array(8).fill('1.1'))
  },
)

t.test('large bodies and heads, and bodies of unknown length, do not share', async t => {
  const { send, waiting, answer } = await started(t)
  const all = [send()]
  await until(() => waiting.length === 1)
  for (const [headers, version] of [
    [['content-length', '2'], '2.0'],
    [['content-length', '65537'], '1.1'],
    [[], '1.1'],
  ] as const) {
    const body = Readable.from([Buffer.alloc(Number(headers[1] ?? 9))])
    all.push(send({ method: 'POST', headers: [...headers], body }))
    const before = waiting.length
    await until(() => waiting.length > before)
    t.equal(waiting.at(-1)?.version, version)
  }
  all.push(send({ path: `/${'x'.repeat(8 * 1024)}` }))
  await until(() => waiting.length === 5)
  t.equal(waiting.at(-1)?.version, '1.1')
  answer()
  await Promise.all(all)
})

t.test('an upstream that offers no HTTP/2 is not asked for it again', async t => {
  const asked: string[] = []
  const { sendAtOnce, pass, counts, untilOpened } = await start(t, {
    async connect(origin, protocols) {
      asked.push(protocols.join())
      return connectTo(origin, ['http/1.1'])
    },
  })
  await sendAtOnce(1)
  await untilOpened('http/1.1', 2)
  await pass(3)
  t.strictSame(asked, ['h2,http/1.1', 'http/1.1'])
  t.strictSame(await sendAtOnce(2), ['1.1', '1.1'])
  t.equal(counts.connections, 2, 'the connection is used for HTTP/1.1')
})

t.test('nor is any if HTTP/2 is off', async t => {
  const { sendAtOnce, sessions } = await start(t, { http2: false })
  t.strictSame(await sendAtOnce(3), Array(3).fill('1.1'))
  t.strictSame(sessions, [])
})

t.test('a connection that the upstream closes is replaced, and what runs on it ends', async t => {
  const { send, sendAtOnce, pass, sessions, waiting, answer, untilOpened } = await started(t)
  const all = [send(), send()]
  await until(() => waiting.length === 2)
  sessions[0]?.goaway()
  await new Promise(resolve => sessions[0]?.ping(resolve))
  await pass()
  await untilOpened('h2', 2)
  answer()
  await Promise.all(all)
  t.ok((await sendAtOnce(4)).includes('2.0'))
})

t.test('one that is too old is replaced before', async t => {
  const { pass, sessions, sendAtOnce, untilOpened, untilNoneOpens } = await started(t)
  await pass(9)
  await untilOpened('h2', 2)
  for (let second = 0; second < 300; second++) {
    await pass(1)
    await untilNoneOpens()
  }
  const closed = sessions.filter(({ destroyed }) => destroyed).length
  t.ok(sessions.length - closed <= 2, 'the current one, and one that is watched')
  t.ok((await sendAtOnce(4)).includes('2.0'))
})

t.test('it is let go when nothing has been asked for long enough', async t => {
  const { pass, sessions, counts } = await started(t, { warmFor: () => 5_000 })
  await pass(300)
  await until(() => sessions.every(({ destroyed }) => destroyed))
  t.equal(counts.connections, 2)
})

t.test('one that runs requests is never too old', async t => {
  const { send, waiting, pass, sessions, answer } = await started(t)
  const all = [send(), send()]
  await until(() => waiting.length === 2)
  await pass(60)
  t.equal(sessions.length, 1)
  answer()
  await Promise.all(all)
})

t.test('while it cannot be opened, requests go without, and attempts pause', async t => {
  let tried = 0
  const { sendAtOnce, pass, sessions } = await start(t, {
    connect(origin, protocols) {
      if (!protocols.includes('h2')) return connectTo(origin, protocols)
      tried++
      return Promise.reject(new ConnectError(new Error('refused')))
    },
  })
  t.strictSame(await sendAtOnce(2), ['1.1', '1.1'])
  await pass(120)
  t.ok(tried > 1 && tried < 60, `tried ${tried} times`)
  t.equal(sessions.length, 0)
})

t.test('with other options, requests that run on the former connection end well', async t => {
  const { pool, send, waiting, clock, answer, sessions } = await started(t)
  const all = [send(), send()]
  await until(() => waiting.length === 2)
  pool.renew({
    clock,
    connect: connectTo,
    warmFor: () => 0,
    http2: true,
    limits: { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 1024 },
  })
  answer()
  t.strictSame(
    (await Promise.all(all)).map(({ status }) => status),
    [200, 200],
  )
  await until(() => sessions[0]?.destroyed === true)
})

t.test('destroy() fails requests', async t => {
  const { pool, send, waiting, sessions } = await started(t)
  const all = [send(), send()].map(sent => t.rejects(sent))
  await until(() => waiting.length === 2)
  await pool.destroy()
  await Promise.all(all)
  await until(() => sessions[0]?.destroyed === true)
})

t.test('what is just being opened when the pool is destroyed is closed as soon as it is open', async t => {
  const sockets: Socket[] = []
  let open = () => {}
  const opening = new Promise<void>(resolve => {
    open = resolve
  })
  const { pool, url } = await start(t, {
    async connect(...args) {
      await opening
      const socket = await connectTo(...args)
      sockets.push(socket)
      return socket
    },
  })
  pool.connectEarly(url)
  await pool.destroy()
  open()
  await until(() => sockets.length === 2 && sockets.every(({ destroyed }) => destroyed))
})
