import t, { type Test } from 'tap'
import { passTime, testClock } from '../support/clock.ts'
import { type ProxyOptions, startProxy } from '../support/proxy.ts'
import { type Handler, http, type RawUpstream, rawUpstream } from '../support/upstream.ts'

/** Requests, and whether they may be done twice. */
const requests: readonly (readonly [method: string, path: string, repeatable: boolean])[] = [
  ['GET', '/v2/policy', true],
  ['PUT', '/v2/policy/1', true],
  ['DELETE', '/v2/policy/1', true],
  ['POST', '/v2/policy', false],
  ['PATCH', '/v2/policy/1', false],
  // these only read
  ['POST', '/v2/alert', true],
  ['POST', '/search/config', true],
  ['POST', '/uve/api/v5/dashboard/vulnerabilities/prioritised', true],
  ['POST', '/_compute/api/v34.04/hosts/evaluate', true],
  // these make a file or a job each time, write, or are not described
  ['POST', '/alert/csv', false],
  ['POST', '/_compute/api/v34.04/hosts/scan', false],
  ['POST', '/_compute/api/v1/hosts/search', false],
  // most servers read this as /search/config, but not all
  ['POST', '/search/config;x', false],
]

const NOT_DONE = [408, 425, 429]
const MAYBE_DONE = [500, 502, 503, 504]
const NEVER = [400, 401, 403, 404, 405, 409, 413, 501]

/** A proxy before an upstream that has a console, and a client that tells what came of a request. `wait` awaits its answer. */
async function start(t: Test, handle: Handler, options: Partial<ProxyOptions> = {}, wait: typeof passTime = passTime) {
  const clock = testClock()
  const upstream: RawUpstream = await rawUpstream(t, (request, upstream) => {
    if (request.target !== '/meta_info') return handle(request, upstream)
    return request.answer(http('200 OK', [], JSON.stringify({ twistlockUrl: `${upstream.url}/console` })))
  })
  const config = { retry: { attempts: 1 } }
  const { call } = await startProxy(t, { upstream: upstream.url, clock, config, ...options })
  return async (method: string, path: string) => {
    const before = upstream.requests.length
    const body = method === 'GET' ? {} : { body: '{}' }
    const reply = await wait(clock, call(path, { method, ...body }))
    const target = path.replace('/_compute', '/console')
    const sent = upstream.requests.slice(before).filter(each => each.target === target).length
    return { status: reply.status, retryable: reply.json().retryable, sent }
  }
}

t.test('what is told to be retryable is what is sent again, where the refusal is for now', async t => {
  let status = 0
  const ask = await start(t, async request => {
    await request.body()
    request.answer(http(`${status} No`))
  })
  for (const [method, path, repeatable] of requests) {
    for (status of [...NOT_DONE, ...MAYBE_DONE, ...NEVER]) {
      const retryable = NOT_DONE.includes(status) || (MAYBE_DONE.includes(status) && repeatable)
      const onlyReads = method === 'GET' || (method === 'POST' && repeatable)
      const isRetried = [500, 502, 504].includes(status) ? onlyReads : retryable
      const { sent, ...told } = await ask(method, path)
      t.strictSame(told, { status, retryable }, `${method} ${path}`)
      if (status !== 401) t.equal(sent, isRetried ? 2 : 1, `${method} ${path} ${status}`)
    }
  }
})

t.test('so it is after a connection that broke', async t => {
  const ask = await start(t, async request => {
    await request.body()
    request.socket.destroy()
  })
  for (const [method, path, repeatable] of requests) {
    const told = await ask(method, path)
    t.strictSame(told, { status: 502, retryable: repeatable, sent: repeatable ? 2 : 1 }, `${method} ${path}`)
  }
})

t.test('and after a deadline, when nothing is sent again', async t => {
  const config = { retry: { attempts: 1 }, upstream: { headersTimeout: 50 } }
  // undici keeps this deadline, by a clock of its own
  const ask = await start(
    t,
    async () => {},
    { config },
    (_clock, reply) => reply,
  )
  for (const [method, path, repeatable] of requests.filter(([, path]) => !path.startsWith('/_compute')))
    t.strictSame(await ask(method, path), { status: 504, retryable: repeatable, sent: 1 }, `${method} ${path}`)
})

t.test('a request whose body is not kept is as retryable as any, for its client has it', async t => {
  const config = { retry: { attempts: 1 }, replay: { maxBody: 1 } }
  const ask = await start(t, async request => request.answer((await request.body()) && http('429 No')), { config })
  t.strictSame(await ask('PUT', '/x'), { status: 429, retryable: true, sent: 1 })
  t.strictSame(await ask('POST', '/x'), { status: 429, retryable: true, sent: 1 })
})

t.test('what was not sent may be sent again, whatever it does', async t => {
  const upstream = await rawUpstream(t, () => {})
  const ask = await start(t, () => {}, { upstream: 'http://127.0.0.1:1', loginAt: upstream.url })
  for (const [method, path] of requests)
    t.strictSame(await ask(method, path), { status: 502, retryable: true, sent: 0 }, `${method} ${path}`)
})

t.test('a request is not sent while its console is not known, so it may be sent again', async t => {
  for (const [answer, status] of [
    [http('503 No'), 503],
    [http('500 No'), 500],
    ['', 502],
  ] as const) {
    const upstream = await rawUpstream(t, ({ answer: say, socket }) => (answer ? say(answer) : socket.destroy()))
    const clock = testClock()
    const { call } = await startProxy(t, { upstream: upstream.url, clock })
    const reply = await passTime(clock, call('/_compute/api/v1/x', { method: 'POST', body: '{}' }))
    t.match(reply, { status })
    t.match(reply.json(), { retryable: true })
  }
})
