import { getEventListeners } from 'node:events'
import t from 'tap'
import { DeadlineError, sleep, systemClock, withDeadline } from '../../src/kernel/clock.ts'
import { countedClock } from './counted-clock.ts'

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

t.test('sleep ends when its time has come, not before, and leaves no listener', async t => {
  const clock = countedClock()
  const { signal } = new AbortController()
  let awake = false
  const slept = sleep(clock, 100, signal).then(() => {
    awake = true
  })
  await clock.advance(99)
  t.equal(awake, false)
  await clock.advance(1)
  t.equal(awake, true)
  await slept
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('sleep without a signal ends by time alone', async t => {
  const clock = countedClock()
  const slept = sleep(clock, 5)
  await clock.advance(5)
  await t.resolves(slept)
})

t.test("sleep ends with the signal's reason as soon as it aborts, and leaves no timer", async t => {
  const clock = countedClock()
  const controller = new AbortController()
  const slept = t.rejects(sleep(clock, 100, controller.signal), { message: 'left' })
  controller.abort(new Error('left'))
  await slept
  t.equal(clock.pending, 0)
})

t.test('sleep does not begin when the signal has aborted already', async t => {
  const clock = countedClock()
  await t.rejects(sleep(clock, 100, AbortSignal.abort(new Error('left'))), { message: 'left' })
  t.equal(clock.pending, 0)
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

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
