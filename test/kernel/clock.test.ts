import { getEventListeners } from 'node:events'
import t from 'tap'
import { DeadlineError, LONGEST_TIMER, systemClock, withDeadline } from '../../src/kernel/clock.ts'
import { settle } from '../support/clock.ts'
import { countedClock } from './counted-clock.ts'
import { failureOf } from './failure-of.ts'

t.test("the machine's clock tells wall time and a time that never goes back", async t => {
  const before = Date.now()
  const told = systemClock.now()
  t.ok(before <= told && told <= Date.now())
  const first = systemClock.monotonic()
  t.ok(first <= systemClock.monotonic())
})

t.test("the machine's timers fire once unless they are cleared, and do not keep the process alive", async t => {
  const fired: string[] = []
  const alive = setInterval(() => {}, 60_000)
  t.teardown(() => clearInterval(alive))
  await new Promise<void>(resolve => {
    const cleared = systemClock.setTimeout(() => fired.push('cleared'), 1)
    systemClock.setTimeout(() => fired.push('kept'), 1)
    const last = systemClock.setTimeout(resolve, 1)
    systemClock.clearTimeout(cleared)
    t.match(last, { hasRef: Function })
    t.equal('hasRef' in last && typeof last.hasRef === 'function' && last.hasRef(), false)
  })
  t.strictSame(fired, ['kept'])
})

t.test("a wait that no timer of Node's holds is cut to the longest that one does, in place of none at all", async t => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const fired: number[] = []
  const waits = [LONGEST_TIMER, LONGEST_TIMER + 1, 2 * LONGEST_TIMER, Number.MAX_VALUE, Number.POSITIVE_INFINITY]
  const timers = waits.map(ms => systemClock.setTimeout(() => fired.push(ms), ms))
  await new Promise(resolve => setTimeout(resolve, 20))
  t.strictSame(fired, [])
  t.strictSame(warnings, [])
  for (const timer of timers) systemClock.clearTimeout(timer)
})

t.test('a wait of nothing, or less, is over soon, and never within the call', async t => {
  const waits = [-1, 0, 0.001]
  const fired: number[] = []
  for (const ms of waits) systemClock.setTimeout(() => fired.push(ms), ms)
  t.strictSame(fired, [])
  await new Promise(resolve => setTimeout(resolve, 20))
  t.strictSame(fired, waits)
})

t.test('what ends before its deadline gives its result and leaves no timer', async t => {
  const clock = countedClock()
  t.equal(await withDeadline(clock, 100, undefined, async () => 'done'), 'done')
  t.equal(clock.pending, 0)
})

t.test('work is aborted at its deadline with an error that says so', async t => {
  const clock = countedClock()
  const late = t.rejects(withDeadline(clock, 100, undefined, untilAborted), {
    name: 'DeadlineError',
    code: 'DEADLINE',
    message: 'no answer within 100 ms',
  })
  await clock.advance(100)
  await late
  t.ok(new DeadlineError('x') instanceof Error)
})

t.test("work is aborted by the caller's signal with its reason, or at the deadline if that comes first", async t => {
  const clock = countedClock()
  const controller = new AbortController()
  const left = t.rejects(withDeadline(clock, 100, controller.signal, untilAborted), { message: 'left' })
  controller.abort(new Error('left'))
  await left
  t.equal(clock.pending, 0)
  const late = t.rejects(withDeadline(clock, 100, new AbortController().signal, untilAborted), { code: 'DEADLINE' })
  await clock.advance(100)
  await late
})

t.test('work that does not listen is left behind, at its deadline and when the caller leaves', async t => {
  const clock = countedClock()
  const deaf = () => new Promise<never>(() => {})
  const late = t.rejects(withDeadline(clock, 100, undefined, deaf), { code: 'DEADLINE' })
  await clock.advance(100)
  await late
  const controller = new AbortController()
  const left = t.rejects(withDeadline(clock, 100, controller.signal, deaf), { message: 'left' })
  controller.abort(new Error('left'))
  await left
  t.equal(clock.pending, 0)
})

t.test('work learns that its caller has left before it began, and is not waited for', async t => {
  const clock = countedClock()
  const seen: boolean[] = []
  const work = async (signal: AbortSignal) => {
    seen.push(signal.aborted)
    return new Promise<never>(() => {})
  }
  const left = withDeadline(clock, 100, AbortSignal.abort(new Error('left')), work)
  await t.rejects(left, { message: 'left' })
  t.strictSame(seen, [true])
  t.equal(clock.pending, 0)
})

t.test('work that fails, even before it begins, fails with its own error and leaves no timer', async t => {
  const clock = countedClock()
  const { signal } = new AbortController()
  const fail = () => {
    throw new RangeError('broken')
  }
  await t.rejects(withDeadline(clock, 100, signal, fail), new RangeError('broken'))
  await t.rejects(
    withDeadline(clock, 100, signal, async () => fail()),
    new RangeError('broken'),
  )
  t.equal(clock.pending, 0)
})

t.test('nothing is left that listens to the signal of the work, however that ended', async t => {
  const clock = countedClock()
  const { signal } = new AbortController()
  const seen: AbortSignal[] = []
  const see = async (own: AbortSignal) => void seen.push(own)
  await withDeadline(clock, 100, signal, see)
  await withDeadline(clock, 100, undefined, see)
  await failureOf(withDeadline(clock, 100, AbortSignal.abort(), see))
  for (const each of [signal, ...seen]) t.strictSame(getEventListeners(each, 'abort'), [])
  t.equal(seen.length, 3)
})

t.test("nothing is left that listens to the caller's signal, however the work ended", async t => {
  const clock = countedClock()
  const { signal } = new AbortController()
  await withDeadline(clock, 100, signal, async () => {})
  const fail = () => {
    throw new RangeError('broken')
  }
  await failureOf(withDeadline(clock, 100, signal, fail))
  const late = failureOf(withDeadline(clock, 100, signal, untilAborted))
  await clock.advance(100)
  await late
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('what comes of the work after its deadline is neither a result nor an uncaught error', async t => {
  const clock = countedClock()
  let fail = (_error: Error) => {}
  const work = () =>
    new Promise<never>((_, reject) => {
      fail = reject
    })
  const late = t.rejects(withDeadline(clock, 100, undefined, work), { code: 'DEADLINE' })
  await clock.advance(100)
  await late
  fail(new RangeError('too late'))
  await settle()
})

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

t.test('work that throws at once, for a caller that has left, leaves no uncaught error', async t => {
  const clock = countedClock()
  const fail = () => {
    throw new RangeError('broken')
  }
  await t.rejects(withDeadline(clock, 100, AbortSignal.abort(new Error('left')), fail))
  await settle()
})
