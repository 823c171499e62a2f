import { once } from 'node:events'
import t, { type Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { answerTo, dial, open } from '../support/http.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, type RawRequest, rawUpstream } from '../support/upstream.ts'

/** Requests that were counted as aborted. */
async function aborted({ call }: TestProxy): Promise<number> {
  const { text } = await call('/_proxy/metrics')
  return Number(
    /requests_total\{tenant="default",operation="[^"]+",method="[A-Z]+",status="aborted"\} (\d+)/.exec(text)?.[1] ?? 0,
  )
}

/** Waits until nothing is left of a request but its place among the aborted. */
async function forgotten(t: Test, proxy: TestProxy): Promise<void> {
  await until(async () => (await aborted(proxy)) === 1)
  const { text } = await proxy.call('/_proxy/metrics')
  t.match(text, 'prismacloud_proxy_requests_in_flight 0')
  t.notMatch(text, /queue_length{.*} [1-9]/)
}

/** Requests whose client waits for the answer, is in its middle, or in the middle of its upload. */
const unfinished = [
  'GET /waiting HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'GET /answering HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'POST /sending HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nabc',
]

const hold = (request: RawRequest) => request.closed

t.test('a client that leaves before the answer ends its request at the upstream', async t => {
  const upstream = await rawUpstream(t, hold)
  const proxy = await startProxy(t, { upstream: upstream.url, config: { log: { requests: 'all' } } })
  const sent = open(proxy.port, '/x')
  sent.on('error', () => {}).end()
  await until(() => upstream.requests.length === 1)
  sent.destroy()
  await upstream.requests[0]?.closed
  await forgotten(t, proxy)
  t.ok(proxy.log.some(line => line.msg === 'GET /x aborted' && line.level === 30))
})

t.test('a client that leaves in the middle of the answer does, too', async t => {
  const upstream = await rawUpstream(t, async request => {
    request.answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '3', 'abc', '')
    await request.closed
  })
  const proxy = await startProxy(t, { upstream: upstream.url })
  const sent = open(proxy.port, '/x')
  sent.end()
  const answer = await answerTo(sent)
  await once(answer, 'data')
  answer.destroy()
  await upstream.requests[0]?.closed
  await forgotten(t, proxy)
})

t.test(
  'a client that leaves in the middle of its upload does, too, and what it sent is never taken for all',
  async t => {
    const upstream = await rawUpstream(t, hold)
    const proxy = await startProxy(t, { upstream: upstream.url })
    const socket = dial(proxy.port)
    socket.write('PUT /x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await until(() => upstream.requests.length === 1)
    await upstream.requests[0]?.read(6)
    socket.destroy()
    await upstream.requests[0]?.closed
    await forgotten(t, proxy)
    t.notMatch((await upstream.requests[0]?.read(100))?.toString() ?? '', /0\r\n\r\n/)
    t.equal(upstream.requests.length, 1, 'it is not sent again')
  },
)

t.test('a client that leaves while it waits for a session is forgotten', async t => {
  const upstream = await rawUpstream(t, () => {}, { login: hold })
  const proxy = await startProxy(t, { upstream: upstream.url, tenants: { default: { lazy: true } } })
  const { sessions } = proxy.app
  const waits: Promise<unknown>[] = []
  const acquire = sessions.acquire.bind(sessions)
  sessions.acquire = (tenant, signal) => {
    const lease = acquire(tenant, signal)
    waits.push(lease)
    return lease
  }
  const sent = open(proxy.port, '/x')
  sent.on('error', () => {}).end()
  await until(() => upstream.logins.length === 1)
  sent.destroy()
  await forgotten(t, proxy)
  await t.rejects(Promise.all(waits), { message: 'the client has left' }, 'it waits no longer')
  t.equal(upstream.requests.length, 0)
})

t.test('a client that leaves while it waits for its turn gives it back', async t => {
  const clock = testClock()
  const limit = ['x-ratelimit-replenish-rate: 1', 'x-ratelimit-burst-capacity: 1', 'x-ratelimit-remaining: 0']
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', limit)))
  const proxy = await startProxy(t, { upstream: upstream.url, clock })
  await proxy.call('/x')
  const sent = open(proxy.port, '/x')
  sent.on('error', () => {}).end()
  await until(async () => /queue_length{.*} 1\n/.test((await proxy.call('/_proxy/metrics')).text))
  sent.destroy()
  await forgotten(t, proxy)
  t.equal(upstream.requests.length, 1)
})

t.test('a client that leaves with several requests at once ends all of them', async t => {
  const upstream = await rawUpstream(t, hold)
  const proxy = await startProxy(t, { upstream: upstream.url })
  const socket = dial(proxy.port)
  const request = 'GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n'
  socket.write(request + request)
  await until(() => upstream.requests.length === 2)
  socket.destroy()
  await Promise.all(upstream.requests.map(each => each.closed))
  await until(async () => /requests_in_flight 0\n/.test((await proxy.call('/_proxy/metrics')).text))
  t.equal(await aborted(proxy), 2)
})

t.test('a thousand clients that leave, wherever their request is, leave nothing behind', async t => {
  let running = 0
  const upstream = await rawUpstream(t, async request => {
    running++
    if (request.target === '/answering')
      request.answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '3', 'abc', '')
    await request.closed
    running--
  })
  const proxy = await startProxy(t, { upstream: upstream.url })
  for (let round = 0; round < 10; round++) {
    const before = upstream.requests.length
    const sockets = Array.from({ length: 100 }, () => dial(proxy.port))
    for (const [index, socket] of sockets.entries()) socket.write(unfinished[index % unfinished.length] ?? '')
    // half of them are at the upstream by then, and the others on their way
    await until(() => upstream.requests.length >= before + 50)
    for (const socket of sockets) socket.destroy()
    await until(() => running === 0)
  }
  const inFlight = async () => /requests_in_flight (\d+)/.exec((await proxy.call('/_proxy/metrics')).text)?.[1]
  await until(async () => (await inFlight()) === '0')
  // as many as there were requests at once are kept ready, and two are only watched
  await until(() => upstream.connections() <= 102)
  await proxy.app.close()
  await until(() => upstream.connections() === 0)
})
