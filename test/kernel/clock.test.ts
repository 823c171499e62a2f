import { getEventListeners } from 'node:events'
import t from 'tap'
import { DeadlineError, LONGEST_TIMER, lastingClock, systemClock, withDeadline } from '../../src/kernel/clock.ts'
import { settle } from '../support/clock.ts'
import { countedClock } from './counted-clock.ts'
import { failureOf } from './failure-of.ts'

t.test('the system clock returns wall time and a time that never goes back', async t => {
  const before = Date.now()
  const told = systemClock.now()
  t.ok(before <= told && told <= Date.now())
  const first = systemClock.monotonic()
  t.ok(first <= systemClock.monotonic())
})

t.test('system timers fire once unless cleared, and do not keep the process alive', async t => {
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

t.test('the timers of the lasting clock keep the process alive', async t => {
  await new Promise<void>(resolve => {
    const timer = lastingClock.setTimeout(resolve, 1)
    t.equal('hasRef' in timer && typeof timer.hasRef === 'function' && timer.hasRef(), true)
  })
})

t.test('a wait too long for a Node.js timer is cut to the longest possible one, instead of firing at once', async t => {
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

t.test('a wait of zero or less ends soon, but never during the call', async t => {
  const waits = [-1, 0, 0.001]
  const fired: number[] = []
  for (const ms of waits) systemClock.setTimeout(() => fired.push(ms), ms)
  t.strictSame(fired, [])
  await new Promise(resolve => setTimeout(resolve, 20))
  t.strictSame(fired, waits)
})

t.test('work that ends before its deadline returns its result and leaves no timer', async t => {
  const clock = countedClock()
  t.equal(await withDeadline(clock, 100, undefined, async () => 'done'), 'done')
  t.equal(clock.pending, 0)
})

t.test('work is aborted at its deadline with a DeadlineError', async t => {
  const clock = countedClock()
  const late = t.rejects(withDeadline(clock, 100, undefined, untilAborted), {
    name: 'DeadlineError',
    code: 'DEADLINE',
    message: 'timed out after 100 ms',
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

t.test('work that ignores its signal is abandoned at the deadline, or when the caller aborts', async t => {
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

t.test('work gets an aborted signal if the caller aborted before, and is not waited for', async t => {
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

t.test('work that fails, even synchronously, rejects with its own error and leaves no timer', async t => {
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

t.test("no listener stays on the work's signal, however the work ended", async t => {
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

t.test("no listener stays on the caller's signal, however the work ended", async t => {
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

t.test('work that settles after its deadline causes neither a result nor an unhandled rejection', async t => {
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

t.test('work that throws at once after the caller aborted causes no unhandled rejection', async t => {
  const clock = countedClock()
  const fail = () => {
    throw new RangeError('broken')
  }
  await t.rejects(withDeadline(clock, 100, AbortSignal.abort(new Error('left')), fail))
  await settle()
})
