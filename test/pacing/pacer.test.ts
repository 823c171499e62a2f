import t from 'tap'
import { type EndpointStatus, Pacer, type PacerSettings } from '../../src/pacing/pacer.ts'
import type { Permit } from '../../src/pacing/permit.ts'
import { countedClock } from '../kernel/counted-clock.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { settle, testClock } from '../support/clock.ts'

const ENDPOINT = { key: 'default GET /v2/alert', declared: undefined }
const OTHER = { key: 'default GET /cloud', declared: undefined }

const MINUTE = 60_000
const BURST = 5
const WAITS = 30

/** Steps of time so small that early timers fire before their time, in milliseconds. */
const STEP = 0.25

/** How many milliseconds too late a permit is still in time. */
const GRACE = 2

interface AskOptions {
  readonly client?: string
  readonly returned?: boolean
  readonly waited?: number
  readonly signal?: AbortSignal
}

function rig(options: Partial<PacerSettings> = {}) {
  const clock = countedClock()
  const settings = () => ({ enabled: true, maxWait: 30_000, maxQueue: 100, ...options })
  const pacer = new Pacer({ clock, settings, random: () => 0.5 })
  const admitted: string[] = []
  /** Asks for a permit. Failures are for `failureOf`. */
  const ask = async (endpoint = ENDPOINT, { client = 'a', returned = false, waited = 0, ...rest }: AskOptions = {}) => {
    const { signal = new AbortController().signal } = rest
    return pacer.admit(endpoint, { client, returned, waited, signal })
  }
  /** Asks for a permit, and notes when it was granted. */
  const admit = async (name: string, asking: AskOptions = {}) => {
    const permit = await ask(ENDPOINT, { client: name.slice(0, 1), ...asking })
    admitted.push(name)
    return permit as Permit
  }
  return { clock, pacer, ask, admit, admitted }
}

/** A response with the limit: one request every half second, and none left. */
function limited(remaining: number, { rate = 2, burst = 1, status = 200 } = {}) {
  const headers: Record<string, string> = {
    'x-ratelimit-replenish-rate': `${rate}`,
    'x-ratelimit-burst-capacity': `${burst}`,
    'x-ratelimit-remaining': `${remaining}`,
  }
  return { status, header: (name: string) => headers[name], attempt: 0 }
}

/** A response without a limit. */
function plain(status: number, retryAfter?: string) {
  return { status, header: (name: string) => (name === 'retry-after' ? retryAfter : undefined), attempt: 0 }
}

/** Asks for so many permits at once. */
async function burst({ ask }: ReturnType<typeof rig>, count: number, endpoint = ENDPOINT) {
  const granted: (Permit | undefined)[] = []
  const all = Array.from({ length: count }, () => ask(endpoint).then(permit => granted.push(permit)))
  await settle()
  return { granted, all: Promise.all(all) }
}

t.test('once an endpoint is known to have no limit, requests go at once, and are not counted', async t => {
  const { pacer, ask, clock } = rig()
  const permit = await ask()
  pacer.answered(ENDPOINT, permit, plain(200))
  t.equal(await ask(), undefined)
  t.equal(pacer.pass(ENDPOINT), undefined)
  t.equal(clock.pending, 0)
  t.strictSame([...pacer.endpoints()], [])
})

t.test('20 requests may be in flight until a response shows whether there is a limit', async t => {
  const world = rig({ maxQueue: 10 })
  const { pacer, clock } = world
  const { granted, all } = await burst(world, 600)
  t.equal(granted.length, 20)
  t.equal(pacer.waiting, 0, 'they take no places in the queue')
  t.match([...pacer.endpoints()], [{ limit: null, waiting: 580 }])
  pacer.answered(ENDPOINT, granted[0], plain(200))
  await all
  t.equal(granted.length, 600, 'there is none')
  t.equal(clock.pending, 0)
  t.strictSame([...pacer.endpoints()], [], 'and nothing to tell')
})

t.test('if there is one, no more go than it allows, and those in flight count', async t => {
  const world = rig()
  const { pacer, clock } = world
  const { granted, all } = await burst(world, 40)
  t.equal(granted.length, 20)
  pacer.answered(ENDPOINT, granted[0], limited(29, { rate: 10, burst: 30 }))
  await settle()
  t.equal(granted.length, 30, '29 less 19 in flight')
  t.equal(pacer.waiting, 0, 'and the rest take no places in the queue')
  for (let n = 0; n < 25; n++) await clock.advance(100)
  await all
  t.equal(granted.length, 40)
  t.match([...pacer.endpoints()], [{ counts: { waits: 10 } }])
})

t.test('those that would wait too long under the limit are told at once', async t => {
  const { pacer, ask } = rig({ maxWait: 3000, maxQueue: 1 })
  const results: unknown[] = []
  const told = (result: unknown) => results.push(result)
  for (let n = 0; n < 30; n++) void ask().then(told, told)
  await settle()
  pacer.answered(ENDPOINT, results[0] as Permit, limited(19, { rate: 1, burst: 20 }))
  await settle()
  t.equal(results.length, 20 + 9)
  for (const each of results.slice(20))
    t.match(each, { type: 'rate-limited', detail: /longer than pacing\.maxWait allows$/ })
  pacer.refuse(new Error('over'))
})

t.test('earlier waits count after that, too', async t => {
  const world = rig({ maxWait: 3000 })
  const { pacer, clock } = world
  const { granted, all } = await burst(world, 21)
  const late = failureOf(all)
  await clock.advance(2500)
  pacer.answered(ENDPOINT, granted[0], limited(19, { rate: 1, burst: 20 }))
  t.match(await late, { type: 'rate-limited' }, 'for it has only half a second left')
})

t.test('an error does not show whether there is a limit; its place goes to the next', async t => {
  const world = rig()
  const { pacer } = world
  const { granted, all } = await burst(world, 23)
  pacer.answered(ENDPOINT, granted[0], plain(404))
  granted[1]?.lost()
  await settle()
  t.equal(granted.length, 22)
  pacer.answered(ENDPOINT, granted[2], plain(401))
  await all
  for (const permit of granted.slice(3)) pacer.answered(ENDPOINT, permit, plain(502))
  t.equal((await burst(world, 21)).granted.length, 20, 'and never more at a time')
})

t.test('without a response, waiting requests go at the end of their wait: nothing says there is a limit', async t => {
  const world = rig({ maxWait: 1000 })
  const { clock } = world
  const { granted, all } = await burst(world, 30)
  await clock.advance(1000 + GRACE)
  await all
  t.equal(granted.length, 30)
})

t.test('a refusal shows that there is a limit', async t => {
  const world = rig({ maxWait: 1000 })
  const { pacer } = world
  const { granted, all } = await burst(world, 25)
  pacer.answered(ENDPOINT, granted[0], plain(429, '9'))
  t.match(await failureOf(all), { type: 'rate-limited' }, 'at once')
  t.equal(granted.length, 20)
})

t.test('after a refusal, a response that shows that there is no limit does not let all go at once', async t => {
  const world = rig()
  const { pacer, clock } = world
  const { granted, all } = await burst(world, 60)
  pacer.answered(ENDPOINT, granted[0], plain(503, '1'))
  for (const permit of granted.slice(1)) permit?.lost()
  await clock.advance(1000)
  t.equal(granted.length, 20 + 9, 'about half of those that were in flight')
  pacer.answered(ENDPOINT, granted[20], plain(200))
  await settle()
  t.equal(granted.length, 20 + 9 + 2, 'in its place, and one more')
  for (let at = 21; at < 60; at++) {
    granted[at]?.lost()
    await settle()
  }
  await all
})

t.test('requests go at once while the limit allows, then one by one', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(1))
  const all = ['a1', 'a2', 'a3'].map(name => admit(name))
  await settle()
  t.strictSame(admitted, ['a1'])
  t.equal(pacer.waiting, 2)
  await clock.advance(499)
  t.strictSame(admitted, ['a1'])
  await clock.advance(1)
  t.strictSame(admitted, ['a1', 'a2'])
  await clock.advance(500)
  t.strictSame(admitted, ['a1', 'a2', 'a3'])
  t.equal(pacer.waiting, 0)
  t.equal(clock.pending, 0)
  await Promise.all(all)
})

t.test('waiting requests leave a token or two for other users of the key', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(1, { burst: 10 }))
  const all = ['a1', 'a2'].map(name => admit(name))
  await clock.advance(1249)
  t.strictSame(admitted, ['a1'])
  await clock.advance(1)
  t.strictSame(admitted, ['a1', 'a2'])
  await Promise.all(all)
})

t.test('clients get permits in turn, however many requests each of them has', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  const all = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2'].map(name => admit(name))
  for (const _ of all) await clock.advance(500)
  t.strictSame(admitted, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
})

t.test('endpoints and tenants have limits of their own', async t => {
  const { pacer, ask, clock } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  t.match(await ask(OTHER), { level: undefined })
  t.match(await ask({ ...ENDPOINT, key: 'other GET /v2/alert' }), { level: undefined })
  t.equal(clock.pending, 0)
})

t.test('a request that would wait too long is rejected at once, with the time to retry', async t => {
  const { clock, pacer, ask } = rig({ maxWait: 800 })
  pacer.answered(ENDPOINT, undefined, limited(0, { rate: 0.5, burst: 1 }))
  t.match(await failureOf(ask()), {
    type: 'rate-limited',
    status: 429,
    retryAfter: 2,
    detail:
      'The rate limit of this endpoint is exhausted, and the request would wait 2 s, longer than pacing.maxWait allows',
  })
  t.equal(pacer.waiting, 0)
  await clock.advance(2000)
  t.ok(await ask(), 'and that is right')
})

t.test('earlier waits of a request count', async t => {
  const { pacer, ask } = rig({ maxWait: 800 })
  pacer.answered(ENDPOINT, undefined, limited(0))
  t.match(await failureOf(ask(ENDPOINT, { waited: 400 })), { type: 'rate-limited' })
  t.match(await failureOf(ask(ENDPOINT, { waited: 900 })), { type: 'rate-limited' })
})

t.test('a rejected request takes no place in the queue', async t => {
  const { clock, pacer, ask, admit, admitted } = rig({ maxWait: 600 })
  pacer.answered(ENDPOINT, undefined, limited(0))
  const first = admit('a1')
  for (let n = 0; n < 5; n++) t.match(await failureOf(ask()), { type: 'rate-limited', retryAfter: 1 })
  await clock.advance(500)
  await first
  const second = admit('a2')
  await clock.advance(500)
  await second
  t.strictSame(admitted, ['a1', 'a2'])
})

t.test('the queue is limited, over all endpoints', async t => {
  const { clock, pacer, ask, admit } = rig({ maxQueue: 1 })
  pacer.answered(ENDPOINT, undefined, limited(0))
  pacer.answered(OTHER, undefined, limited(1))
  const first = admit('a1')
  await settle()
  t.ok(await ask(OTHER), 'a request that need not wait is not rejected')
  t.match(await failureOf(ask(OTHER)), {
    type: 'rate-limited',
    retryAfter: 1,
    detail: /, and 1 request is already waiting$/,
  })
  await clock.advance(500)
  await first
})

t.test('a request that has waited too long is rejected, with the time to retry', async t => {
  const { clock, pacer, ask, admit, admitted } = rig({ maxWait: 1400 })
  pacer.answered(ENDPOINT, undefined, limited(0))
  const first = admit('a1')
  const late = failureOf(ask(ENDPOINT, { client: 'a' }))
  const other = admit('b1')
  for (let n = 0; n < 14; n++) await clock.advance(100)
  await clock.advance(GRACE)
  t.match(await late, { type: 'rate-limited', retryAfter: 1, detail: /, and the request has already waited 2 s$/ })
  await Promise.all([first, other])
  t.strictSame(admitted, ['a1', 'b1'])
  t.equal(pacer.waiting, 0)
})

t.test('an aborted request leaves the queue', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  const controller = new AbortController()
  const left = t.rejects(admit('a1', { signal: controller.signal }), { message: 'left' })
  await settle()
  controller.abort(new Error('left'))
  await left
  t.equal(pacer.waiting, 0)
  t.equal(clock.pending, 0)
  const next = admit('a2')
  await clock.advance(500)
  await next
  t.strictSame(admitted, ['a2'])
})

t.test('ten thousand endpoints are remembered; the least recently used is forgotten first', async t => {
  const { clock, pacer, admit, ask } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  const waiting = admit('a1')
  await settle()
  const use = async (n: number) => {
    const endpoint = { ...OTHER, key: `default GET /${n}` }
    pacer.answered(endpoint, await ask(endpoint), plain(200))
  }
  for (let n = 1; n < 10_000; n++) await use(n)
  t.match([...pacer.endpoints()], [{ endpoint: 'GET /v2/alert', limit: { rate: 2 } }], 'what has no limit leaves room')
  await use(10_000)
  t.match(await ask(), { level: undefined })
  await clock.advance(500)
  t.ok(await waiting, 'a request that waits there gets its permit nevertheless')
})

t.test('with pacing off nothing is delayed or counted', async t => {
  const { clock, pacer, ask } = rig({ enabled: false })
  pacer.answered(ENDPOINT, undefined, limited(0))
  t.equal(await ask({ ...ENDPOINT, declared: { rate: 1, burst: 0 } } as never), undefined)
  t.equal(clock.pending, 0)
  t.strictSame([...pacer.endpoints()], [])
})

t.test('requests in flight when pacing is switched off do not block the endpoint', async t => {
  const settings = { enabled: true }
  const world = rig(settings)
  const { pacer } = world
  const { granted, all } = await burst(world, 25)
  settings.enabled = false
  for (const permit of granted.slice(0, 5)) pacer.answered(ENDPOINT, permit, limited(0))
  await all
  t.equal(granted.length, 25, 'those that wait take their places')
  for (const permit of granted.slice(5)) pacer.answered(ENDPOINT, permit, limited(0))
  settings.enabled = true
  t.equal((await burst(world, 21)).granted.length, 20)
})

t.test('a request that was not sent takes no token', async t => {
  const { pacer, ask } = rig()
  pacer.answered(ENDPOINT, undefined, plain(503, '0'))
  const unknown = await ask()
  unknown?.unused()
  pacer.answered(ENDPOINT, undefined, limited(1))
  const permit = await ask()
  permit?.unused()
  permit?.unused()
  t.match([...pacer.endpoints()], [{ limit: { remaining: 1 } }])
})

t.test('a client takes no more places than it leaves for others', async t => {
  const { clock, pacer, ask, admit } = rig({ maxQueue: 8 })
  pacer.answered(ENDPOINT, undefined, limited(0))
  pacer.answered(OTHER, undefined, limited(0))
  const all = [admit('a1'), admit('a2'), admit('a3'), admit('a4')]
  t.match(await failureOf(ask()), { type: 'rate-limited', detail: /, and 4 requests are already waiting$/ })
  t.match(await failureOf(ask(OTHER)), { type: 'rate-limited' }, 'at any endpoint')
  all.push(admit('b1'), admit('b2'))
  t.match(await failureOf(ask(ENDPOINT, { client: 'b' })), { type: 'rate-limited' })
  all.push(admit('c1'))
  for (const _ of all) await clock.advance(500)
  await Promise.all(all)
  const again = admit('a5')
  await clock.advance(500)
  t.ok(await again)
})

t.test('refuse() rejects all waiting requests', async t => {
  const { clock, pacer, admit } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  const reason = new Error('no')
  const all = ['a1', 'a2', 'b1'].map(name => failureOf(admit(name)))
  await settle()
  pacer.refuse(reason)
  t.strictSame(await Promise.all(all), [reason, reason, reason])
  t.equal(pacer.waiting, 0)
  t.equal(clock.pending, 0)
})

t.test('refuse() finds those that wait for what was forgotten', async t => {
  const { pacer, admit } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  const waiting = failureOf(admit('a1'))
  await settle()
  pacer.forget()
  const reason = new Error('no')
  pacer.refuse(reason)
  t.equal(await waiting, reason)
})

t.test('forget() forgets all endpoints; waiting requests go on waiting', async t => {
  const { clock, pacer, ask, admit } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  const waiting = admit('a1')
  await settle()
  pacer.forget()
  t.match(await ask(), { level: undefined })
  await clock.advance(500)
  t.ok(await waiting)
})

t.test('a documented limit applies from the first request, until the upstream states another', async t => {
  const { clock, pacer, ask } = rig()
  const declared = { ...ENDPOINT, declared: { rate: 1, burst: 2 } } as never
  const permits = [await ask(declared), await ask(declared)]
  const third = ask(declared)
  await settle()
  t.equal(pacer.waiting, 1)
  permits[1]?.answered({ kind: 'served', limit: { rate: 10, burst: 1, remaining: 0 }, isConclusive: true, pause: 0 })
  await clock.advance(100)
  t.ok(await third)
})

t.test('a request that does not wait takes a token, too', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(1))
  pacer.pass(ENDPOINT)
  const waiting = admit('a1')
  await settle()
  t.strictSame(admitted, [])
  await clock.advance(500)
  await waiting
})

t.test('after a refusal nothing is sent to the endpoint for its Retry-After', async t => {
  const { clock, pacer, ask, admit, admitted } = rig({ maxWait: 5000 })
  pacer.answered(ENDPOINT, undefined, plain(503, '3'))
  t.match([...pacer.endpoints()], [{ tenant: 'default', endpoint: 'GET /v2/alert', limit: null, pause: 3000 }])
  const waiting = admit('a1')
  await clock.advance(2999)
  t.strictSame(admitted, [])
  await clock.advance(1)
  t.ok(await waiting)
  pacer.answered(ENDPOINT, undefined, plain(429, '60'))
  const detail =
    'The upstream is refusing requests to this endpoint, and the request would wait 60 s, longer than pacing.maxWait allows'
  t.match(await failureOf(ask()), { type: 'rate-limited', retryAfter: 55, detail })
})

t.test('a refusal without a limit keeps the known one', async t => {
  const { clock, pacer, admit } = rig()
  pacer.answered(ENDPOINT, undefined, limited(1))
  pacer.answered(ENDPOINT, undefined, plain(429, '0'))
  t.match([...pacer.endpoints()], [{ limit: { rate: 2, burst: 1, remaining: 0 } }])
  const waiting = admit('a1')
  await clock.advance(500)
  await waiting
})

t.test('after a pause few requests are in flight, and one more with each response', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, plain(429))
  const permits = ['a1', 'b1', 'c1', 'd1', 'e1', 'f1', 'g1'].map(name => admit(name))
  await clock.advance(500)
  t.equal(admitted.length, 4)
  t.equal(clock.pending, 3, 'there are no timers but the timeouts')
  const permit = (at: number) => permits[at] as Promise<Permit>
  const served = { kind: 'served', limit: undefined, isConclusive: true, pause: 0 } as const
  const first = await permit(0)
  first.answered(served)
  first.answered(served)
  first.lost()
  await settle()
  t.equal(admitted.length, 6, 'a response counts once')
  const second = await permit(1)
  second.lost()
  await settle()
  t.equal(admitted.length, 7, 'a lost request makes room for another')
  for (const each of await Promise.all(permits)) each.answered(served)
  await Promise.all(Array.from({ length: 9 }, () => admit('h')))
  t.equal(admitted.length, 16, 'and all go once none waits')
})

t.test('a refusal halves the requests in flight', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, plain(503, '0'))
  const permits = await Promise.all(Array.from({ length: 4 }, () => admit('a')))
  for (const permit of permits) permit.answered({ kind: 'served', limit: undefined, isConclusive: true, pause: 0 })
  const many = await Promise.all(Array.from({ length: 21 }, () => admit('a')))
  many[0]?.answered({ kind: 'unavailable', limit: undefined, isConclusive: false, pause: 100 })
  const more = admit('b1')
  await clock.advance(100)
  t.notOk(admitted.includes('b1'), 'twenty are in flight, and ten may be')
  for (const permit of many.slice(1, 11)) permit.lost()
  await settle()
  t.notOk(admitted.includes('b1'))
  many[11]?.lost()
  t.ok(await more)
})

t.test('a refused request goes ahead of those that had no permit yet', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0, { status: 429 }))
  const all = [admit('a1'), admit('b1'), admit('c0', { returned: true, waited: 10 })]
  for (const _ of all) await clock.advance(500)
  t.strictSame(admitted, ['c0', 'a1', 'b1'])
})

t.test('no waiting request is forgotten, whenever permits and timers come', async t => {
  for (let seed = 1; seed <= 40; seed++) {
    const clock = testClock(0, seed)
    const pacer = new Pacer({ clock, settings: () => ({ enabled: true, maxWait: MINUTE, maxQueue: 1_000 }) })
    const rate = 100 + 7 * seed
    const endpoint = { ...ENDPOINT, declared: { rate, burst: BURST } }
    let served = 0
    const ask = async () => {
      const signal = new AbortController().signal
      const permit = await pacer.admit(endpoint, { client: {}, returned: false, waited: 0, signal })
      permit?.answered({ kind: 'served', limit: undefined, isConclusive: true, pause: 0 })
      served++
    }
    const all = Array.from({ length: BURST + WAITS }, ask)
    const enough = (1_000 * (WAITS + BURST)) / rate
    for (let passed = 0; passed < enough && served < all.length; passed += STEP) await clock.advance(STEP)
    t.equal(served, all.length, `seed ${seed}`)
  }
})

t.test('endpoints() lists what is known', async t => {
  const { clock, pacer, admit } = rig()
  t.strictSame([...pacer.endpoints()], [])
  pacer.answered(OTHER, undefined, limited(0, { status: 429 }))
  pacer.answered(ENDPOINT, undefined, limited(0))
  const waiting = admit('a1')
  await clock.advance(250)
  const limit = { rate: 2, burst: 1, remaining: 0 }
  const counts = (waits: number, waitSeconds: number, refusals: number) => ({ waits, waitSeconds, refusals })
  t.strictSame(
    [...pacer.endpoints()],
    [
      { tenant: 'default', endpoint: 'GET /v2/alert', limit, waiting: 1, pause: 0, counts: counts(0, 0, 0) },
      { tenant: 'default', endpoint: 'GET /cloud', limit, waiting: 0, pause: 0, counts: counts(0, 0, 1) },
    ],
  )
  await clock.advance(250)
  await waiting
  const [{ waiting: left, counts: counted }] = [...pacer.endpoints()] as [EndpointStatus, EndpointStatus]
  t.match({ left, counted }, { left: 0, counted: { waits: 1, refusals: 0 } })
  const over = counted.waitSeconds - 0.5
  t.ok(over >= 0 && over * 1000 <= clock.drifted(), `${over} s more than half a second`)
})
