import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { parseRule } from '../../src/config/policy.ts'
import { testClock } from '../support/clock.ts'
import { dial, open, readAll } from '../support/http.ts'
import { clientOf, makeConfig, type ProxyOptions, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { grant, type Handler, http, rawUpstream } from '../support/upstream.ts'

const RULES = [{ path: /^\/v2\/policy(\/.*)?$/, keepFor: 60_000 }]

/** A proxy that keeps answers, before an upstream that counts them. */
async function rig(t: Test, handle?: Handler, options: Partial<ProxyOptions> = {}, login: Handler = grant) {
  const clock = testClock()
  let count = 0
  const counting: Handler = async request => {
    await request.body()
    request.answer(http('200 OK', ['content-type: application/json', 'age: 7'], `{"count":${++count}}`))
  }
  const upstream = await rawUpstream(t, handle ?? counting, { login })
  const config = { cache: { rules: RULES, maxSize: 1024 * 1024 } }
  const proxy = await startProxy(t, { upstream: upstream.url, clock, config, ...options })
  /** How the cache had part in an answer, and which one it was. */
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const reply = await proxy.call(path, { method, headers })
    return [reply.headers['x-prismacloud-proxy-cache'], reply.text]
  }
  /** Waits until so many requests are being served. */
  const serving = (count: number) =>
    until(async () => (await proxy.call('/_proxy/metrics')).text.includes(`requests_in_flight ${count}\n`))
  return { ...proxy, clock, upstream, ask, serving }
}

const first = '{"count":1}'
const second = '{"count":2}'

t.test('nothing is kept unless a rule says so', async t => {
  const plain = await rig(t, undefined, { config: {} })
  t.strictSame(await plain.ask('/v2/policy'), [undefined, first])
  t.strictSame(await plain.ask('/v2/policy'), [undefined, second])
  const { ask } = await rig(t)
  t.strictSame(await ask('/v2/alert'), [undefined, first])
  t.strictSame(await ask('/v2/alert'), [undefined, second])
})

t.test('a good answer is kept for as long as its rule says, and its age told', async t => {
  const { call, clock, ask, upstream } = await rig(t)
  t.strictSame(await ask('/v2/policy?x=1'), ['miss', first])
  await clock.advance(59_900)
  const kept = await call('/v2/policy?x=1')
  t.match(kept, { status: 200, text: first, headers: { 'x-prismacloud-proxy-cache': 'hit', age: '66' } })
  t.match(kept.headers, { 'content-type': 'application/json', 'x-request-id': /./, 'server-timing': /./ })
  t.equal(kept.rawHeaders.filter(name => name === 'age').length, 1)
  await clock.advance(100)
  t.strictSame(await ask('/v2/policy?x=1'), ['miss', second])
  t.equal(upstream.requests.length, 2)
  const { text } = await call('/_proxy/metrics')
  t.match(text, 'cache_requests_total{tenant="default",outcome="miss"} 2\n')
  t.match(text, 'cache_requests_total{tenant="default",outcome="hit"} 1\n')
})

t.test('whatever may select the answer tells requests apart', async t => {
  const tenants = { default: {}, other: {} }
  const { ask, upstream } = await rig(t, undefined, {
    tenants,
    config: { cache: { rules: RULES, maxSize: 1024 * 1024 } },
  } as never)
  const kinds: [path: string, headers: Record<string, string>][] = [
    ['/v2/policy', {}],
    ['/v2/policy?x=1', {}],
    ['/v2/policy/', {}],
    ['/v2/policy', { 'x-prismacloud-tenant': 'other' }],
    ['/v2/policy', { accept: 'text/csv' }],
    ['/v2/policy', { 'accept-encoding': 'gzip' }],
    ['/v2/policy', { 'x-something': '1' }],
  ]
  for (const [path, headers] of kinds) t.equal((await ask(path, headers))[0], 'miss', `${path} ${headers}`)
  for (const [path, headers] of kinds) t.equal((await ask(path, headers))[0], 'hit', `${path} ${headers}`)
  t.equal((await ask('/v2/policy', { 'user-agent': 'another', 'x-request-id': '7' }))[0], 'hit')
  t.equal((await ask('/_tenant/other/v2/policy'))[0], 'hit', 'however the tenant is named')
  t.equal(upstream.requests.length, kinds.length)
})

t.test('who wants a fresh answer gets one, which is kept in place of the other', async t => {
  const { ask } = await rig(t)
  const wishes = [{ 'cache-control': 'no-cache' }, { 'cache-control': 'max-age=0, x' }, { pragma: 'no-cache' }]
  let count = 1
  await ask('/v2/policy')
  for (const headers of wishes) {
    t.strictSame(await ask('/v2/policy', headers as never), ['miss', `{"count":${++count}}`])
    t.strictSame(await ask('/v2/policy'), ['hit', `{"count":${count}}`])
  }
})

t.test('what is not the whole answer to a plain GET is neither kept nor answered from the cache', async t => {
  const { call, ask, upstream } = await rig(t)
  await ask('/v2/policy')
  const ways: [method: string, headers: Record<string, string>, body?: string][] = [
    ['HEAD', {}],
    ['GET', { range: 'bytes=0-1' }],
    ['GET', { 'if-none-match': '"x"' }],
    ['GET', { 'cache-control': 'no-store' }],
    ['GET', {}, 'body'],
  ]
  for (const [method, headers, body] of ways) {
    const reply = await call('/v2/policy', { method, headers, ...(body && { body }) })
    t.equal(reply.headers['x-prismacloud-proxy-cache'], undefined, `${method} ${JSON.stringify(headers)}`)
  }
  t.equal(upstream.requests.length, 1 + ways.length)
  t.strictSame(await ask('/v2/policy'), ['hit', first])
})

t.test('errors are not kept, nor answers that depend on more than their request', async t => {
  const answers = [
    http('404 Not Found', [], 'no'),
    http('204 No Content'),
    http('200 OK', ['vary: accept', 'vary: *'], 'varies'),
    http('302 Found', ['location: /x']),
    http('200 OK', [], 'fine'),
  ]
  const { ask } = await rig(t, request => request.answer(`${answers.shift()}`))
  for (let n = 0; n < 5; n++) t.equal((await ask('/v2/policy'))[0], 'miss')
  t.strictSame(await ask('/v2/policy'), ['hit', 'fine'])
})

t.test('what a path that may mean anything answers is not kept', async t => {
  const rules = [{ path: /.*/, keepFor: 60_000 }]
  const { ask } = await rig(t, undefined, { config: { cache: { rules, maxSize: 1024 * 1024 } } })
  for (let n = 0; n < 2; n++) t.equal((await ask('/%2525252570olicy'))[0], undefined)
})

t.test('an answer that breaks off is not kept, nor one that never comes', async t => {
  let times = 1
  const { call, ask } = await rig(t, request => {
    if (times-- <= 0) return request.answer(http('200 OK', [], 'fine'))
    request.answer('HTTP/1.1 200 OK', 'content-length: 100', '', 'half')
    request.socket.destroySoon()
  })
  await t.rejects(call('/v2/policy'))
  t.strictSame(await ask('/v2/policy'), ['miss', 'fine'])
  const gone = await rig(t, request => request.socket.destroy())
  t.match(await gone.call('/v2/policy'), { status: 502, headers: { 'x-prismacloud-proxy-cache': 'miss' } })
})

t.test('a write to the same resource ends what is kept, however it goes', async t => {
  const { call, ask } = await rig(t)
  const writes: [method: string, path: string][] = [
    ['PUT', '/policy/7'],
    ['POST', '/v2/policy'],
    ['DELETE', '/v2//POLICY/7'],
    ['PUT', '/%70olicy/7'],
    ['POST', '/v2/policy/search/7'],
    ['POST', '/policy/search'],
    ['PUT', '/%2525252570olicy/7'],
    ['PUT', '/policy%23/7'],
    ['PUT', '/v2/policy.json'],
    ['PUT', '//host/policy'],
  ]
  for (const [method, path] of writes) {
    await ask('/v2/policy')
    t.equal((await ask('/v2/policy'))[0], 'hit')
    await call(path, { method })
    t.equal((await ask('/v2/policy'))[0], 'miss', `${method} ${path}`)
  }
  for (const [method, path] of [
    ['PUT', '/'],
    ['PUT', '/alert/7'],
    ['GET', '/policy/7'],
    ['OPTIONS', '/policy'],
    ['POST', '/policy/rule/validate'],
  ]) {
    await call(`${path}`, { method: `${method}` })
    t.equal((await ask('/v2/policy'))[0], 'hit', `${method} ${path}`)
  }
  await call('/policy/7', { method: 'PUT', headers: { 'x-prismacloud-tenant': 'default' } })
  t.equal((await ask('/v2/policy'))[0], 'miss')
})

t.test('what is read while a write is under way is not kept beyond it', async t => {
  let release = () => {}
  const { call, ask, upstream } = await rig(t, async request => {
    await request.body()
    if (request.head.startsWith('PUT')) await new Promise<void>(resolve => (release = resolve))
    request.answer(http('200 OK', [], `${upstream.requests.length}`))
  })
  const write = call('/policy/7', { method: 'PUT' })
  await until(() => upstream.requests.length === 1)
  t.strictSame(await ask('/v2/policy'), ['miss', '2'])
  release()
  await write
  t.strictSame(await ask('/v2/policy'), ['miss', '3'])
})

t.test('identical requests at one time are sent once', async t => {
  let release = () => {}
  const { call, upstream, serving, ask } = await rig(t, async request => {
    await new Promise<void>(resolve => (release = resolve))
    request.answer(http('200 OK', [], 'x'.repeat(200_000)))
  })
  const calls = Array.from({ length: 10 }, () => call('/v2/policy'))
  await serving(10)
  await until(() => upstream.requests.length === 1)
  release()
  const replies = await Promise.all(calls)
  t.strictSame(replies.map(({ headers }) => headers['x-prismacloud-proxy-cache']).sort(), [
    'miss',
    ...Array(9).fill('shared'),
  ])
  const digests = new Set(replies.map(({ body }) => createHash('sha256').update(body).digest('hex')))
  t.equal(digests.size, 1)
  t.equal(upstream.requests.length, 1)
  t.equal((await ask('/v2/policy'))[0], 'hit')
})

t.test('who waited for an answer that cannot be shared asks for one', async t => {
  const held: (() => void)[] = []
  const { call, upstream, serving } = await rig(t, async request => {
    await new Promise<void>(resolve => held.push(resolve))
    request.answer(http('404 Not Found'))
  })
  const calls = Array.from({ length: 3 }, () => call('/v2/policy'))
  await serving(3)
  await until(() => held.length === 1)
  held[0]?.()
  await until(() => held.length === 3)
  for (const release of held) release()
  for (const reply of await Promise.all(calls))
    t.match(reply, { status: 404, headers: { 'x-prismacloud-proxy-cache': 'miss' } })
  t.equal(upstream.requests.length, 3)
})

t.test('when the client leaves for which a request was sent, one of those who wait takes its place', async t => {
  const held: (() => void)[] = []
  const { port, call, upstream, serving } = await rig(t, async request => {
    await new Promise<void>(resolve => held.push(resolve))
    request.answer(http('200 OK', [], 'fine'))
  })
  const leader = open(port, '/v2/policy')
  leader.on('error', () => {}).end()
  await until(() => held.length === 1)
  const calls = [call('/v2/policy'), call('/v2/policy')]
  await serving(3)
  leader.destroy()
  await until(() => held.length === 2)
  held[1]?.()
  const caches = (await Promise.all(calls)).map(({ headers }) => headers['x-prismacloud-proxy-cache'])
  t.strictSame(caches.sort(), ['miss', 'shared'])
  t.equal(upstream.requests.length, 2)
})

t.test('a client that leaves while it waits for another is forgotten', async t => {
  let release = () => {}
  const { port, call, serving, upstream } = await rig(t, async request => {
    await new Promise<void>(resolve => (release = resolve))
    request.answer(http('200 OK', [], 'fine'))
  })
  const leader = call('/v2/policy')
  await until(() => upstream.requests.length === 1)
  const leaving = open(port, '/v2/policy')
  leaving.on('error', () => {}).end()
  await serving(2)
  leaving.destroy()
  await serving(1)
  release()
  t.match(await leader, { status: 200, text: 'fine' })
})

t.test('a location in what is kept leads each client back the way that it came', async t => {
  const { call } = await rig(t, ({ headers, answer }) => {
    const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1]
    answer(http('200 OK', [`location: http://${host}/v2/policy/7`]))
  })
  t.match(await call('/v2/policy'), { headers: { location: '/v2/policy/7' } })
  const kept = await call('/_tenant/default/v2/policy')
  t.match(kept.headers, { location: '/_tenant/default/v2/policy/7', 'x-prismacloud-proxy-cache': 'hit' })
})

t.test('another configuration begins with nothing', async t => {
  const { app, ask, upstream } = await rig(t)
  await ask('/v2/policy')
  await app.reload(makeConfig({ upstream: upstream.url, config: { cache: { rules: RULES, maxSize: 1024 } } }))
  t.strictSame(await ask('/v2/policy'), ['miss', second])
  t.strictSame(await ask('/v2/policy'), ['miss', '{"count":3}'], 'and with as much room as it says')
})

t.test('what code is called does not matter', async t => {
  const rules = [{ path: /^\/code\/.*$/, keepFor: 60_000 }]
  const { ask } = await rig(t, undefined, { config: { cache: { rules, maxSize: 1024 * 1024 } } })
  await ask('/code/api/v1/x')
  await ask('/bridgecrew/api/v1/x', {}, 'PUT')
  t.equal((await ask('/code/api/v1/x'))[0], 'miss')
})

t.test('an answer that ends with its connection is not kept: it may have broken off', async t => {
  const { ask } = await rig(t, request => {
    request.answer('HTTP/1.1 200 OK', '', 'half')
    request.socket.end()
  })
  for (let n = 0; n < 2; n++) t.strictSame(await ask('/v2/policy'), ['miss', 'half'])
})

t.test('a hit leaves the connection open for the next request', async t => {
  const { port, ask } = await rig(t)
  await ask('/v2/policy')
  const socket = dial(port)
  const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`
  socket.write(get('/v2/policy') + get('/v2/policy') + get('/v2/policy', 'connection: close\r\n'))
  const text = await readAll(socket)
  t.equal(text.match(/x-prismacloud-proxy-cache: hit/g)?.length, 3)
})

t.test('another session has other answers', async t => {
  let release = () => {}
  const { app, ask, upstream } = await rig(t, undefined, {}, async (request, { logins }) => {
    if (logins.length > 1) await new Promise<void>(resolve => (release = resolve))
    await grant(request)
  })
  await ask('/v2/policy')
  const config = { cache: { rules: RULES, maxSize: 1024 * 1024 } }
  await app.reload(makeConfig({ upstream: upstream.url, tenants: { default: { prismaId: 'another' } }, config }))
  await until(() => upstream.logins.length === 2)
  t.strictSame(await ask('/v2/policy'), ['miss', second], 'of the session before, until the other is there')
  t.strictSame(await ask('/v2/policy'), ['hit', second])
  release()
  await until(async () => (await ask('/v2/policy'))[0] === 'miss')
  t.equal(upstream.requests.length, 3)
})

t.test('a write that ends after another configuration was read counts there', async t => {
  let release = () => {}
  const { app, call, ask, upstream } = await rig(t, async request => {
    await request.body()
    if (request.head.startsWith('PUT')) await new Promise<void>(resolve => (release = resolve))
    request.answer(http('200 OK', [], `${upstream.requests.length}`))
  })
  await ask('/v2/policy')
  const write = call('/policy/7', { method: 'PUT' })
  await until(() => upstream.requests.length === 2)
  const config = { cache: { rules: RULES, maxSize: 1024 * 1024 } }
  await app.reload(makeConfig({ upstream: upstream.url, config }))
  t.strictSame(await ask('/v2/policy'), ['miss', '3'])
  release()
  await write
  t.strictSame(await ask('/v2/policy'), ['miss', '4'])
})

t.test('what a client may not ask for is not answered from the cache', async t => {
  const token = 'token-of-the-other-client'
  const deny = [parseRule('GET /v2/**')]
  const clients = [clientOf('free', 'token-of-the-free-client'), clientOf('other', token, { deny })]
  const { ask, call } = await rig(t, undefined, { config: { clients, cache: { rules: RULES, maxSize: 1024 * 1024 } } })
  const free = { 'x-prismacloud-proxy-token': 'token-of-the-free-client' }
  await ask('/v2/policy', free)
  t.strictSame(await ask('/v2/policy', free), ['hit', first])
  t.match(await call('/v2/policy', { headers: { 'x-prismacloud-proxy-token': token } }), { status: 403 })
})
