import t, { type Test } from 'tap'
import { passTime, testClock } from '../support/clock.ts'
import { dial, open, readAll } from '../support/http.ts'
import { type ProxyOptions, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { type Handler, http, type RawRequest, rawUpstream } from '../support/upstream.ts'

const BODY = 'x'.repeat(10_000)
const EXPIRED = http('401 Unauthorized', ['x-redlock-status: [{"i18nKey":"token_expired"}]'])

/** A proxy before an upstream, and how many bytes of bodies it keeps. */
async function start(t: Test, handle: Handler, config: ProxyOptions['config'] = {}) {
  const clock = testClock()
  const upstream = await rawUpstream(t, handle)
  const proxy = await startProxy(t, { upstream: upstream.url, clock, config })
  const kept = async () => {
    const { text } = await proxy.call('/_proxy/metrics')
    return Number(/^prismacloud_proxy_replay_bytes (\d+)$/m.exec(text)?.[1])
  }
  const post = (method = 'POST') => proxy.call('/x', { method, body: BODY })
  const keeps = (test: (bytes: number) => boolean) => until(async () => test(await kept()))
  return { ...proxy, upstream, clock, kept, keeps, post }
}

t.test('beyond replay.maxMemory bodies are forwarded and not kept', async t => {
  let refused = 0
  const answers: (() => void)[] = []
  const { post, kept, upstream } = await start(
    t,
    async request => {
      await request.body()
      answers.push(() => request.answer(refused++ < 5 ? EXPIRED : http('200 OK')))
    },
    { replay: { maxMemory: 25_000 } },
  )
  const replies = Promise.all([1, 2, 3, 4, 5].map(() => post()))
  await until(() => answers.length === 5)
  const held = await kept()
  t.ok(held > 20_000 && held <= 25_000, `${held} bytes are kept of 50,000`)
  for (const answer of answers.splice(0)) answer()
  await until(() => answers.length === 2)
  for (const answer of answers) answer()
  const statuses = (await replies).map(({ status }) => status)
  t.strictSame(statuses.sort(), [200, 200, 401, 401, 401], 'two could be sent again')
  t.equal(upstream.requests.length, 7)
  t.equal(await kept(), 0)
})

t.test('replay.maxMemory: 0 keeps nothing, and forwards all', async t => {
  const { post, kept, upstream } = await start(
    t,
    async request => request.answer((await request.body()).length === BODY.length ? http('200 OK') : http('400 Cut')),
    { replay: { maxMemory: 0 } },
  )
  t.equal((await post()).status, 200)
  t.equal(await kept(), 0)
  t.equal(upstream.requests.length, 1)
})

t.test('a body is let go as soon as the head of a good answer is there', async t => {
  const { post, keeps, upstream } = await start(t, async request => {
    await request.body()
    await keeps(bytes => bytes > BODY.length)
    request.answer('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsl')
    await keeps(bytes => bytes === 0)
    request.answer('ow')
  })
  t.match(await post(), { status: 200, text: 'slow' })
  t.equal(upstream.requests.length, 1)
})

/** An upstream that reads all of a request and then does something. */
const reading =
  (then: (request: RawRequest) => void): Handler =>
  async request => {
    await request.body()
    then(request)
  }

const answering = (answer: string) => reading(request => request.answer(answer))
const breaking = reading(({ socket }) => socket.destroy())

const endings: [title: string, handle: Handler, method?: string][] = [
  ['an error', answering(http('500 Oops'))],
  ['a connection that breaks', breaking],
  ['one that breaks twice', breaking, 'PUT'],
  ['a refusal that stays', answering(http('429 No'))],
  ['a token that stays refused', answering(EXPIRED)],
]

for (const [title, handle, method] of endings) {
  t.test(`a body is let go after ${title}`, async t => {
    const { post, clock, keeps } = await start(t, handle)
    await passTime(clock, post(method))
    await keeps(bytes => bytes === 0)
  })
}

t.test('a body is let go when its client leaves, in the middle of it or while it waits', async t => {
  const { port, keeps, upstream } = await start(t, () => {})
  for (const [length, arrived] of [
    [BODY.length, 1],
    [BODY.length + 1, 2],
  ] as const) {
    const sent = open(port, '/x', { method: 'POST', headers: { 'content-length': `${length}` } })
    sent.on('error', () => {})
    sent.write(BODY)
    await until(() => upstream.requests.length === arrived)
    await keeps(bytes => bytes >= BODY.length)
    sent.destroy()
    await keeps(bytes => bytes === 0)
  }
})

t.test('a body is let go that the proxy reads itself', async t => {
  const { port, keeps } = await start(t, () => {})
  const socket = dial(port)
  const answer = readAll(socket)
  socket.write('POST /login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}')
  t.match(await answer, / 200 OK/)
  await keeps(bytes => bytes === 0)
})
