import { getEventListeners } from 'node:events'
import t from 'tap'
import { Problem } from '../../src/problem/problem.ts'
import { Waiters } from '../../src/session/waiters.ts'
import { countedClock } from '../kernel/counted-clock.ts'
import { failureOf } from '../kernel/failure-of.ts'

const tooLate = () => new Problem('session-unavailable', 'too late')

t.test('resolve() settles all waiters at once, and leaves no timer or listener', async t => {
  const clock = countedClock()
  const { signal } = new AbortController()
  const waiters = new Waiters<string>(clock)
  const all = [waiters.wait(100, tooLate), waiters.wait(200, tooLate, signal)]
  waiters.resolve('served')
  t.strictSame(await Promise.all(all), ['served', 'served'])
  t.equal(clock.pending, 0)
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('a caller after that waits for the next value', async t => {
  const waiters = new Waiters<string>(countedClock())
  waiters.resolve('first')
  const late = waiters.wait(100, tooLate)
  waiters.resolve('second')
  t.equal(await late, 'second')
})

t.test('reject() settles all waiters', async t => {
  const clock = countedClock()
  const waiters = new Waiters<string>(clock)
  const all = [failureOf(waiters.wait(100, tooLate)), failureOf(waiters.wait(100, tooLate))]
  const reason = new Error('no')
  waiters.reject(reason)
  t.strictSame(await Promise.all(all), [reason, reason])
  t.equal(clock.pending, 0)
})

t.test('each waiter has its own timeout', async t => {
  const clock = countedClock()
  const waiters = new Waiters<string>(clock)
  const [short, long] = [failureOf(waiters.wait(100, tooLate)), waiters.wait(200, tooLate)]
  await clock.advance(100)
  t.match(await short, { type: 'session-unavailable', detail: 'too late' })
  waiters.resolve('served')
  t.equal(await long, 'served')
})

t.test('an aborted waiter rejects with the reason of its signal, and leaves no timer', async t => {
  const clock = countedClock()
  const waiters = new Waiters<string>(clock)
  const controller = new AbortController()
  const left = failureOf(waiters.wait(100, tooLate, controller.signal))
  controller.abort(new Error('left'))
  t.match(await left, { message: 'left' })
  t.equal(clock.pending, 0)
})

t.test('a caller whose signal has aborted does not wait', async t => {
  const clock = countedClock()
  const waiters = new Waiters<string>(clock)
  t.match(await failureOf(waiters.wait(100, tooLate, AbortSignal.abort(new Error('left')))), { message: 'left' })
  t.equal(clock.pending, 0)
})

t.test('with ten thousand waiters the next is rejected, until there are fewer', async t => {
  const waiters = new Waiters<string>(countedClock())
  const all = Array.from({ length: 10_000 }, () => waiters.wait(100, tooLate))
  t.match(await failureOf(waiters.wait(100, tooLate)), { type: 'overloaded', retryAfter: 1 })
  waiters.resolve('served')
  await Promise.all(all)
  const next = waiters.wait(100, tooLate)
  waiters.resolve('again')
  t.equal(await next, 'again')
})
