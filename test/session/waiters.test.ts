import { getEventListeners } from 'node:events'
import t from 'tap'
import { Problem } from '../../src/problem/problem.ts'
import { Waiters } from '../../src/session/waiters.ts'
import { countedClock } from '../kernel/counted-clock.ts'
import { failureOf } from '../kernel/failure-of.ts'

const tooLate = () => new Problem('session-unavailable', 'too late')

t.test('all who wait are served at once, and leave no timer or listener', async t => {
  const clock = countedClock()
  const { signal } = new AbortController()
  const waiters = new Waiters<string>(clock)
  const all = [waiters.wait(100, tooLate), waiters.wait(200, tooLate, signal)]
  waiters.resolve('served')
  t.strictSame(await Promise.all(all), ['served', 'served'])
  t.equal(clock.pending, 0)
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('who comes after the others were served waits for the next time', async t => {
  const waiters = new Waiters<string>(countedClock())
  waiters.resolve('first')
  const late = waiters.wait(100, tooLate)
  waiters.resolve('second')
  t.equal(await late, 'second')
})

t.test('all who wait can be refused', async t => {
  const clock = countedClock()
  const waiters = new Waiters<string>(clock)
  const all = [failureOf(waiters.wait(100, tooLate)), failureOf(waiters.wait(100, tooLate))]
  const reason = new Error('no')
  waiters.reject(reason)
  t.strictSame(await Promise.all(all), [reason, reason])
  t.equal(clock.pending, 0)
})

t.test('each waits no longer than its own deadline', async t => {
  const clock = countedClock()
  const waiters = new Waiters<string>(clock)
  const [short, long] = [failureOf(waiters.wait(100, tooLate)), waiters.wait(200, tooLate)]
  await clock.advance(100)
  t.match(await short, { type: 'session-unavailable', detail: 'too late' })
  waiters.resolve('served')
  t.equal(await long, 'served')
})

t.test('who leaves is refused with the reason of its signal, and leaves no timer', async t => {
  const clock = countedClock()
  const waiters = new Waiters<string>(clock)
  const controller = new AbortController()
  const left = failureOf(waiters.wait(100, tooLate, controller.signal))
  controller.abort(new Error('left'))
  t.match(await left, { message: 'left' })
  t.equal(clock.pending, 0)
})

t.test('who has left already does not wait', async t => {
  const clock = countedClock()
  const waiters = new Waiters<string>(clock)
  t.match(await failureOf(waiters.wait(100, tooLate, AbortSignal.abort(new Error('left')))), { message: 'left' })
  t.equal(clock.pending, 0)
})

t.test('when ten thousand wait the next is refused, and taken again once they are gone', async t => {
  const waiters = new Waiters<string>(countedClock())
  const all = Array.from({ length: 10_000 }, () => waiters.wait(100, tooLate))
  t.match(await failureOf(waiters.wait(100, tooLate)), { type: 'overloaded', retryAfter: 1 })
  waiters.resolve('served')
  await Promise.all(all)
  const next = waiters.wait(100, tooLate)
  waiters.resolve('again')
  t.equal(await next, 'again')
})
