import t from 'tap'
import type { Permit } from '../../src/pacing/gate.ts'
import { type EndpointStatus, Pacer, type PacerSettings } from '../../src/pacing/pacer.ts'
import { countedClock } from '../kernel/counted-clock.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { settle, testClock } from '../support/clock.ts'

const ENDPOINT = { key: 'default GET /v2/alert', declared: undefined }
const OTHER = { key: 'default GET /cloud', declared: undefined }

const MINUTE = 60_000
const BURST = 5
const WAITS = 30

/** In steps as small as these, timers that are early ring before the time. */
const STEP = 0.25

/** A turn that comes so many milliseconds too late is still in time. */
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
  /** Asks for a turn. Failures are for `failureOf`. */
  const ask = async (endpoint = ENDPOINT, { client = 'a', returned = false, waited = 0, ...rest }: AskOptions = {}) => {
    const { signal = new AbortController().signal } = rest
    return pacer.admit(endpoint, { client, returned, waited, signal })
  }
  /** Asks, and notes who was admitted when. */
  const admit = async (name: string, asking: AskOptions = {}) => {
    const turn = await ask(ENDPOINT, { client: name.slice(0, 1), ...asking })
    admitted.push(name)
    return turn as Permit
  }
  return { clock, pacer, ask, admit, admitted }
}

/** An answer with the upstream's word on its limit: one request each half second, with none to spare. */
function limited(remaining: number, { rate = 2, burst = 1, status = 200 } = {}) {
  const headers: Record<string, string> = {
    'x-ratelimit-replenish-rate': `${rate}`,
    'x-ratelimit-burst-capacity': `${burst}`,
    'x-ratelimit-remaining': `${remaining}`,
  }
  return { status, header: (name: string) => headers[name], attempt: 0 }
}

/** An answer that says nothing of a limit. */
function plain(status: number, retryAfter?: string) {
  return { status, header: (name: string) => (name === 'retry-after' ? retryAfter : undefined), attempt: 0 }
}

t.test('requests of an endpoint without a known limit go at once, and are not noted', async t => {
  const { pacer, ask, clock } = rig()
  t.equal(await ask(), undefined)
  pacer.answered(ENDPOINT, undefined, plain(200))
  t.equal(await ask(), undefined)
  t.equal(pacer.pass(ENDPOINT), undefined)
  t.equal(clock.pending, 0)
  t.strictSame([...pacer.endpoints()], [])
})

t.test('requests go at once while the limit lets them, then each in its turn', async t => {
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

t.test('those who wait leave a request or two to others, for whom there would never be one', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(1, { burst: 10 }))
  const all = ['a1', 'a2'].map(name => admit(name))
  await clock.advance(1249)
  t.strictSame(admitted, ['a1'])
  await clock.advance(1)
  t.strictSame(admitted, ['a1', 'a2'])
  await Promise.all(all)
})

t.test('clients take turns, however many requests each of them has', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  const all = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2'].map(name => admit(name))
  for (const _ of all) await clock.advance(500)
  t.strictSame(admitted, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
})

t.test('endpoints and tenants have limits of their own', async t => {
  const { pacer, ask, clock } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  t.equal(await ask(OTHER), undefined)
  t.equal(await ask({ ...ENDPOINT, key: 'other GET /v2/alert' }), undefined)
  t.equal(clock.pending, 0)
})

t.test('a request whose turn is too far off is refused at once, and told when it would be taken', async t => {
  const { clock, pacer, ask } = rig({ maxWait: 800 })
  pacer.answered(ENDPOINT, undefined, limited(0, { rate: 0.5, burst: 1 }))
  t.match(await failureOf(ask()), {
    type: 'rate-limited',
    status: 429,
    retryAfter: 2,
    detail: "The upstream's rate limit is used up for this endpoint, and its turn would come in 2 s",
  })
  t.equal(pacer.waiting, 0)
  await clock.advance(2000)
  t.ok(await ask(), 'and it is')
})

t.test('what a request has waited before counts', async t => {
  const { pacer, ask } = rig({ maxWait: 800 })
  pacer.answered(ENDPOINT, undefined, limited(0))
  t.match(await failureOf(ask(ENDPOINT, { waited: 400 })), { type: 'rate-limited' })
  t.match(await failureOf(ask(ENDPOINT, { waited: 900 })), { type: 'rate-limited' })
})

t.test('a refused request takes no place', async t => {
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

t.test('no more requests wait than the queue holds, over all endpoints', async t => {
  const { clock, pacer, ask, admit } = rig({ maxQueue: 1 })
  pacer.answered(ENDPOINT, undefined, limited(0))
  pacer.answered(OTHER, undefined, limited(1))
  const first = admit('a1')
  await settle()
  t.ok(await ask(OTHER), 'who need not wait is not refused')
  t.match(await failureOf(ask(OTHER)), { type: 'rate-limited', retryAfter: 1, detail: /1 requests wait already/ })
  await clock.advance(500)
  await first
})

t.test('who is passed over for too long is refused, and told when its turn would come', async t => {
  const { clock, pacer, ask, admit, admitted } = rig({ maxWait: 1400 })
  pacer.answered(ENDPOINT, undefined, limited(0))
  const first = admit('a1')
  const late = failureOf(ask(ENDPOINT, { client: 'a' }))
  const other = admit('b1')
  for (let n = 0; n < 14; n++) await clock.advance(100)
  await clock.advance(GRACE)
  t.match(await late, { type: 'rate-limited', retryAfter: 1, detail: /its turn has not come in 2 s/ })
  await Promise.all([first, other])
  t.strictSame(admitted, ['a1', 'b1'])
  t.equal(pacer.waiting, 0)
})

t.test('who leaves while waiting leaves the queue', async t => {
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

t.test('endpoints are remembered, a thousand of them, and the one unused for longest is forgotten first', async t => {
  const { clock, pacer, admit, ask } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  const waiting = admit('a1')
  await settle()
  for (let n = 0; n < 1000; n++) pacer.answered({ ...OTHER, key: `default GET /${n}` }, undefined, limited(0))
  t.equal(await ask(), undefined)
  await clock.advance(500)
  t.ok(await waiting, 'who waits there is served all the same')
})

t.test('when pacing is off nothing is held back or noted', async t => {
  const { clock, pacer, ask } = rig({ enabled: false })
  pacer.answered(ENDPOINT, undefined, limited(0))
  t.equal(await ask({ ...ENDPOINT, declared: { rate: 1, burst: 0 } } as never), undefined)
  t.equal(clock.pending, 0)
  t.strictSame([...pacer.endpoints()], [])
})

t.test('what is under way when pacing is switched off does not keep the endpoint closed', async t => {
  const settings = { enabled: true }
  const { clock, pacer, ask, admit } = rig(settings)
  pacer.answered(ENDPOINT, undefined, limited(1))
  const turn = await ask()
  settings.enabled = false
  pacer.answered(ENDPOINT, turn, limited(0))
  settings.enabled = true
  pacer.answered(ENDPOINT, undefined, plain(503, '1'))
  const waiting = admit('a1')
  await clock.advance(1000)
  t.ok(await waiting)
})

t.test('a request that was not sent takes no token', async t => {
  const { pacer, ask } = rig()
  pacer.answered(ENDPOINT, undefined, plain(503, '0'))
  const unknown = await ask()
  unknown?.unused()
  pacer.answered(ENDPOINT, undefined, limited(1))
  const turn = await ask()
  turn?.unused()
  turn?.unused()
  t.match([...pacer.endpoints()], [{ limit: { remaining: 1 } }])
})

t.test('no client takes more places than it leaves to others', async t => {
  const { clock, pacer, ask, admit } = rig({ maxQueue: 8 })
  pacer.answered(ENDPOINT, undefined, limited(0))
  pacer.answered(OTHER, undefined, limited(0))
  const all = [admit('a1'), admit('a2'), admit('a3'), admit('a4')]
  t.match(await failureOf(ask()), { type: 'rate-limited', detail: /4 requests wait already/ })
  t.match(await failureOf(ask(OTHER)), { type: 'rate-limited' }, 'at whatever endpoint')
  all.push(admit('b1'), admit('b2'))
  t.match(await failureOf(ask(ENDPOINT, { client: 'b' })), { type: 'rate-limited' })
  all.push(admit('c1'))
  for (const _ of all) await clock.advance(500)
  await Promise.all(all)
  const again = admit('a5')
  await clock.advance(500)
  t.ok(await again)
})

t.test('all who wait can be refused', async t => {
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

t.test('what is known can be forgotten, and who waits goes on waiting', async t => {
  const { clock, pacer, ask, admit } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0))
  const waiting = admit('a1')
  await settle()
  pacer.forget()
  t.equal(await ask(), undefined)
  await clock.advance(500)
  t.ok(await waiting)
})

t.test('a declared limit holds from the first request on, until the upstream tells of another', async t => {
  const { clock, pacer, ask } = rig()
  const declared = { ...ENDPOINT, declared: { rate: 1, burst: 2 } } as never
  const turns = [await ask(declared), await ask(declared)]
  const third = ask(declared)
  await settle()
  t.equal(pacer.waiting, 1)
  turns[1]?.answered({ kind: 'served', limit: { rate: 10, burst: 1, remaining: 0 }, pause: 0 })
  await clock.advance(100)
  t.ok(await third)
})

t.test('a request that does not wait takes a token all the same', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(1))
  pacer.pass(ENDPOINT)
  const waiting = admit('a1')
  await settle()
  t.strictSame(admitted, [])
  await clock.advance(500)
  await waiting
})

t.test('after a refusal the endpoint is left alone, by everybody, for as long as was told', async t => {
  const { clock, pacer, ask, admit, admitted } = rig({ maxWait: 5000 })
  pacer.answered(ENDPOINT, undefined, plain(503, '3'))
  t.match([...pacer.endpoints()], [{ tenant: 'default', endpoint: 'GET /v2/alert', limit: null, pause: 3000 }])
  const waiting = admit('a1')
  await clock.advance(2999)
  t.strictSame(admitted, [])
  await clock.advance(1)
  t.ok(await waiting)
  pacer.answered(ENDPOINT, undefined, plain(429, '60'))
  const detail = 'The upstream refuses requests for this endpoint, and its turn would come in 60 s'
  t.match(await failureOf(ask()), { type: 'rate-limited', retryAfter: 55, detail })
})

t.test('a refusal that tells of no limit leaves the one that is known', async t => {
  const { clock, pacer, admit } = rig()
  pacer.answered(ENDPOINT, undefined, limited(1))
  pacer.answered(ENDPOINT, undefined, plain(429, '0'))
  t.match([...pacer.endpoints()], [{ limit: { rate: 2, burst: 1, remaining: 0 } }])
  const waiting = admit('a1')
  await clock.advance(500)
  await waiting
})

t.test('after a pause few requests go at one time, and more with each answer', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, plain(429))
  const turns = ['a1', 'b1', 'c1', 'd1', 'e1', 'f1', 'g1'].map(name => admit(name))
  await clock.advance(500)
  t.equal(admitted.length, 4)
  t.equal(clock.pending, 3, 'there is nothing to come back for but the deadlines')
  const turn = (at: number) => turns[at] as Promise<Permit>
  const served = { kind: 'served', limit: undefined, pause: 0 } as const
  const first = await turn(0)
  first.answered(served)
  first.answered(served)
  first.lost()
  await settle()
  t.equal(admitted.length, 6, 'an answer counts once')
  const second = await turn(1)
  second.lost()
  await settle()
  t.equal(admitted.length, 7, 'a lost one makes room for another')
  for (const each of await Promise.all(turns)) each.answered(served)
  await Promise.all(Array.from({ length: 9 }, () => admit('h')))
  t.equal(admitted.length, 16, 'and all go once nobody waits')
})

t.test('a refusal halves how many go at one time', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, plain(503, '0'))
  const turns = await Promise.all(Array.from({ length: 4 }, () => admit('a')))
  for (const turn of turns) turn.answered({ kind: 'served', limit: undefined, pause: 0 })
  const many = await Promise.all(Array.from({ length: 21 }, () => admit('a')))
  many[0]?.answered({ kind: 'unavailable', limit: undefined, pause: 100 })
  const more = admit('b1')
  await clock.advance(100)
  t.notOk(admitted.includes('b1'), 'twenty are under way, and ten may be')
  for (const turn of many.slice(1, 11)) turn.lost()
  await settle()
  t.notOk(admitted.includes('b1'))
  many[11]?.lost()
  t.ok(await more)
})

t.test('who was refused goes before those who were not let through yet', async t => {
  const { clock, pacer, admit, admitted } = rig()
  pacer.answered(ENDPOINT, undefined, limited(0, { status: 429 }))
  const all = [admit('a1'), admit('b1'), admit('c0', { returned: true, waited: 10 })]
  for (const _ of all) await clock.advance(500)
  t.strictSame(admitted, ['c0', 'a1', 'b1'])
})

t.test('nobody who waits is forgotten, whenever turns come and timers ring', async t => {
  for (let seed = 1; seed <= 40; seed++) {
    const clock = testClock(0, seed)
    const pacer = new Pacer({ clock, settings: () => ({ enabled: true, maxWait: MINUTE, maxQueue: 1_000 }) })
    const rate = 100 + 7 * seed
    const endpoint = { ...ENDPOINT, declared: { rate, burst: BURST } }
    let served = 0
    const ask = async () => {
      const signal = new AbortController().signal
      const turn = await pacer.admit(endpoint, { client: {}, returned: false, waited: 0, signal })
      turn?.answered({ kind: 'served', limit: undefined, pause: 0 })
      served++
    }
    const all = Array.from({ length: BURST + WAITS }, ask)
    const enough = (1_000 * (WAITS + BURST)) / rate
    for (let passed = 0; passed < enough && served < all.length; passed += STEP) await clock.advance(STEP)
    t.equal(served, all.length, `seed ${seed}`)
  }
})

t.test('what is known of the endpoints', async t => {
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
