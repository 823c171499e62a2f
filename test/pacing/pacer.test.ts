import t from 'tap'
import { Pacer, type PacerSettings } from '../../src/pacing/pacer.ts'
import { countedClock } from '../kernel/counted-clock.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { settle } from '../support/clock.ts'

const KEY = 'default GET /v2/alert'
/** A bucket without a token, to which one comes each half second. */
const EMPTY = { rate: 2, burst: 10, remaining: 0 }

function rig(options: Partial<PacerSettings> = {}) {
  const clock = countedClock()
  const pacer = new Pacer({ clock, settings: () => ({ enabled: true, maxWait: 30_000, maxQueue: 100, ...options }) })
  const admitted: number[] = []
  const pace = async (key = KEY, signal?: AbortSignal) => pacer.admit(key, signal)
  const admit = async (name: number, signal?: AbortSignal) => {
    await pace(KEY, signal)
    admitted.push(name)
  }
  return { clock, pacer, pace, admitted, admit }
}

t.test('requests of an endpoint without a known limit go at once', async t => {
  const { pacer, clock } = rig()
  await pacer.admit(KEY)
  pacer.observe(KEY, undefined)
  await pacer.admit(KEY)
  t.equal(clock.pending, 0)
})

t.test('requests go at once while the limit lets them, then each in its turn', async t => {
  const { clock, pacer, admitted, admit } = rig()
  pacer.observe(KEY, { ...EMPTY, remaining: 2 })
  const all = [1, 2, 3, 4].map(name => admit(name))
  await settle()
  t.strictSame(admitted, [1, 2])
  t.equal(pacer.waiting, 2)
  await clock.advance(499)
  t.strictSame(admitted, [1, 2])
  await clock.advance(1)
  t.strictSame(admitted, [1, 2, 3])
  await clock.advance(500)
  t.strictSame(admitted, [1, 2, 3, 4])
  t.equal(pacer.waiting, 0)
  await Promise.all(all)
})

t.test('endpoints and tenants have limits of their own', async t => {
  const { pacer, clock } = rig()
  pacer.observe(KEY, EMPTY)
  await pacer.admit('other GET /v2/alert')
  await pacer.admit('default GET /cloud')
  t.equal(clock.pending, 0)
})

t.test(
  'a request whose turn is too far off is refused at once, with the time after which it would be taken',
  async t => {
    const { pacer, pace } = rig({ maxWait: 800 })
    pacer.observe(KEY, { rate: 0.5, burst: 1, remaining: 0 })
    t.match(await failureOf(pace()), {
      type: 'rate-limited',
      status: 429,
      retryAfter: 2,
      detail: /used up and its turn would come in 2 s/,
    })
    t.equal(pacer.waiting, 0)
  },
)

t.test('a refused request takes no place', async t => {
  const { clock, pacer, pace, admitted, admit } = rig({ maxWait: 500 })
  pacer.observe(KEY, EMPTY)
  const first = admit(1)
  for (let n = 0; n < 5; n++) t.match(await failureOf(pace()), { type: 'rate-limited', retryAfter: 1 })
  await clock.advance(500)
  await first
  const second = admit(2)
  await clock.advance(500)
  await second
  t.strictSame(admitted, [1, 2])
})

t.test('no more requests wait than the queue holds, over all endpoints', async t => {
  const { clock, pacer, pace, admit } = rig({ maxQueue: 1 })
  pacer.observe(KEY, EMPTY)
  pacer.observe('other', EMPTY)
  pacer.observe('free', { ...EMPTY, remaining: 1 })
  const first = admit(1)
  t.match(await failureOf(pace('other')), {
    type: 'rate-limited',
    retryAfter: 1,
    detail: /1 requests wait already/,
  })
  await t.resolves(pace('free'), 'who need not wait is not refused')
  await clock.advance(500)
  await first
})

t.test('who leaves while waiting gives the place back', async t => {
  const { clock, pacer, admitted, admit } = rig()
  pacer.observe(KEY, EMPTY)
  const controller = new AbortController()
  const left = t.rejects(admit(1, controller.signal), { message: 'left' })
  controller.abort(new Error('left'))
  await left
  t.equal(pacer.waiting, 0)
  t.equal(clock.pending, 0)
  const next = admit(2)
  await clock.advance(500)
  await next
  t.strictSame(admitted, [2])
})

t.test('limits are remembered for a thousand endpoints, and the one unused for longest is forgotten first', async t => {
  const { clock, pacer, pace } = rig()
  pacer.observe(KEY, EMPTY)
  const controller = new AbortController()
  const left = t.rejects(pace(KEY, controller.signal), { message: 'left' })
  for (let n = 0; n < 1000; n++) pacer.observe(`default GET /${n}`, EMPTY)
  controller.abort(new Error('left'))
  await left
  await pacer.admit(KEY)
  t.equal(clock.pending, 0)
})

t.test('when pacing is off nothing is held back', async t => {
  const { clock, pacer } = rig({ enabled: false })
  pacer.observe(KEY, EMPTY)
  await pacer.admit(KEY)
  t.equal(clock.pending, 0)
})

t.test('a declared limit holds from the first request on, until the upstream tells of another', async t => {
  const { clock, pacer } = rig()
  const declared = { rate: 1, burst: 2 }
  const admit = () => pacer.admit(KEY, undefined, declared)
  t.strictSame([admit(), admit()], [undefined, undefined])
  const third = admit()
  t.equal(clock.pending, 1)
  await clock.advance(1000)
  await third
  pacer.observe(KEY, { rate: 10, burst: 10, remaining: 0 })
  const fourth = admit()
  await clock.advance(200)
  await fourth
  t.equal(rig({ enabled: false }).pacer.admit(KEY, undefined, { rate: 1, burst: 0 }), undefined, 'unless pacing is off')
})

t.test('the known limits tell what is left of each', async t => {
  const { clock, pacer } = rig()
  t.strictSame([...pacer.limits()], [])
  pacer.observe(KEY, { rate: 2, burst: 10, remaining: 0 })
  pacer.admit('default GET /x', undefined, { rate: 1, burst: 3 })
  await clock.advance(750)
  t.strictSame(
    [...pacer.limits()],
    [
      { key: 'default GET /x', rate: 1, burst: 3, left: 2 },
      { key: KEY, rate: 2, burst: 10, left: 1 },
    ],
  )
})
