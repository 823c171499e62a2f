import t, { type Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, type RawRequest, rawUpstream } from '../support/upstream.ts'

const SECOND = 1_000
const CLIENTS = 10
/** Milliseconds by which time moves on, in which each client is answered at least once. */
const STEP = SECOND
/** When a token has been extended, at the latest. */
const EXTENDED = 420 * SECOND

/** A reason that names no token. */
const UNAUTHORIZED = http('401 Unauthorized', [
  'x-redlock-status: [{"i18nKey":"unauthorized","severity":"error","subject":null}]',
])
const granted = (token: string) => http('200 OK', [], JSON.stringify({ token }))

/** An API whose tokens can be revoked, where `/denied` is for nobody, and a proxy before it. */
async function rig(t: Test) {
  const clock = testClock()
  const counts = { logins: 0, extensions: 0, refusedExtensions: 0 }
  let [issued, revoked] = [0, 0]
  let held: Promise<void> | undefined
  const issue = () => granted(`token-${++issued}`)
  const isLive = ({ headers }: RawRequest) => {
    const token = headers.find(([name]) => name.toLowerCase() === 'x-redlock-auth')?.[1]
    return Number(token?.slice('token-'.length)) > revoked
  }
  const answerOf = (request: RawRequest) => {
    if (!isLive(request)) return UNAUTHORIZED
    if (request.target === '/auth_token/extend') return issue()
    return request.target === '/denied' ? UNAUTHORIZED : http('200 OK', [], 'fine')
  }
  const upstream = await rawUpstream(
    t,
    async request => {
      await request.body()
      const isExtension = request.target === '/auth_token/extend'
      if (isExtension) counts[isLive(request) ? 'extensions' : 'refusedExtensions']++
      const answer = answerOf(request)
      if (isExtension) await held
      request.answer(answer)
    },
    {
      async login(request) {
        await request.body()
        counts.logins++
        request.answer(issue())
      },
    },
  )
  const { call, app } = await startProxy(t, { upstream: upstream.url, clock })
  await app.login()
  let [asking, answered, isOver] = [0, 0, false]
  /** Asks for a path again and again; gives how often it was answered with what. */
  const keepAsking = async (path: string, method = 'GET', body?: string) => {
    const statuses = new Map<number, number>()
    asking++
    while (!isOver) {
      const { status } = await call(path, { method, ...(body !== undefined && { body }) })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      answered++
    }
    return statuses
  }
  return {
    call,
    clock,
    counts,
    requests: upstream.requests,
    /** Has answers to extensions wait, from when they have been made; what is given back lets them go. */
    hold: () => {
      let release = () => {}
      held = new Promise(resolve => {
        release = resolve
      })
      return release
    },
    keepAsking,
    revoke: () => {
      revoked = issued
    },
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += STEP) {
        const enough = answered + 2 * asking
        await until(() => answered >= enough)
        await clock.advance(STEP)
      }
    },
    end: () => {
      isOver = true
    },
  }
}

t.test('no client sees a 401 when the token is revoked twice, whatever the reason that the API gives', async t => {
  const { keepAsking, revoke, pass, end, counts } = await rig(t)
  const clients = Array.from({ length: CLIENTS }, (_, n) =>
    n % 2 ? keepAsking(`/resource/${n}`) : keepAsking(`/search/${n}`, 'POST', '{}'),
  )
  await pass(SECOND)
  revoke()
  await pass(15 * SECOND)
  revoke()
  await pass(15 * SECOND)
  end()
  for (const statuses of await Promise.all(clients)) t.strictSame([...statuses.keys()], [200])
  t.strictSame(counts, { logins: 3, extensions: 0, refusedExtensions: 2 })
})

t.test('nor when another one asks, all the while, for what it has no permission for', async t => {
  const { keepAsking, revoke, pass, end, counts } = await rig(t)
  const denied = keepAsking('/denied')
  await pass(SECOND)
  const clients = Array.from({ length: CLIENTS }, (_, n) => keepAsking(`/resource/${n}`))
  await pass(20 * SECOND)
  for (let n = 0; n < 2; n++) {
    revoke()
    await pass(15 * SECOND)
  }
  await pass(5 * SECOND)
  end()
  for (const statuses of await Promise.all(clients)) t.strictSame([...statuses.keys()], [200])
  t.strictSame([...(await denied).keys()], [401])
  t.strictSame(counts, { logins: 3, extensions: 4, refusedExtensions: 2 }, 'whom it costs a call after 0, 5, 15, 35 s')
})

t.test(
  'a permission that is taken away from an operation costs a call, and keeps no other from being cured',
  async t => {
    const { call, revoke, counts } = await rig(t)
    await call('/resource/1')
    t.equal((await call('/denied')).status, 401)
    t.equal((await call('/denied')).status, 401)
    t.strictSame(counts, { logins: 1, extensions: 1, refusedExtensions: 0 })
    revoke()
    t.equal((await call('/denied')).status, 401)
    t.equal((await call('/resource/2')).status, 200)
    t.strictSame(counts, { logins: 2, extensions: 1, refusedExtensions: 1 })
  },
)

t.test('a request is sent a third time where the new token was revoked, too, before it was there', async t => {
  const { call, clock, counts, requests, revoke, hold } = await rig(t)
  await call('/resource')
  const release = hold()
  await clock.advance(EXTENDED)
  await until(() => counts.extensions === 1)
  revoke()
  const reply = call('/resource')
  await until(() => requests.filter(({ target }) => target === '/resource').length === 2)
  release()
  t.match(await reply, { status: 200, headers: { 'x-prismacloud-proxy-replayed': '1' } })
  t.strictSame(counts, { logins: 2, extensions: 1, refusedExtensions: 1 })
  t.equal(requests.filter(({ target }) => target === '/resource').length, 4)
})
