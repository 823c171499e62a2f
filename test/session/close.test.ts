import t from 'tap'
import { failureOf } from '../kernel/failure-of.ts'
import { settle } from '../support/clock.ts'
import { EXTENSION, offered, PLAIN, rig } from './rig.ts'

t.test('close() rejects waiting and later requests, and leaves no timer', async t => {
  const { session, clock } = rig(t)
  const waiting = failureOf(session.acquire())
  session.close()
  t.match(await waiting, { type: 'draining', status: 503 })
  t.match(await failureOf(session.acquire()), { type: 'draining' })
  t.equal(clock.pending, 0)
})

t.test('close() withdraws a live token, which is not extended', async t => {
  const { session, start, clock, made } = rig(t)
  const lease = await start()
  session.close()
  t.equal(clock.pending, 0)
  t.equal(session.peek(), undefined)
  t.notOk(session.invalidate(lease, PLAIN))
  await clock.advance(EXTENSION)
  t.strictSame(made(), ['login'])
  t.match(session.status(), { state: 'closed', secondsLeft: 0 })
})

t.test('close() aborts the current call, and its late result is ignored', async t => {
  const { session, grant, clock, calls, told } = rig(t)
  const waiting = failureOf(session.acquire())
  await settle()
  t.equal(calls[0]?.signal?.aborted, false)
  session.close()
  t.equal(calls[0]?.signal?.aborted, true)
  await grant()
  await waiting
  t.equal(session.peek(), undefined)
  t.match(session.status(), { state: 'closed', generation: 0, lastRefresh: null })
  t.equal(clock.pending, 0)
  t.equal(told.at(-2), 'authenticating → closed: no longer needed')
})

t.test('a late failure is ignored, too', async t => {
  const { session, refuse, clock } = rig(t)
  const waiting = failureOf(session.acquire())
  await settle()
  session.close()
  await refuse('rejected')
  await waiting
  t.match(session.status(), { state: 'closed', lastError: null })
  t.equal(clock.pending, 0)
})

t.test('no login follows an extension that is refused after close()', async t => {
  const { session, start, refuse, clock, made } = rig(t)
  await start()
  await clock.advance(EXTENSION)
  session.close()
  await refuse('refused')
  t.strictSame(made(), ['login', 'extend'])
})

t.test('close() while backing off or rejected leaves no timer', async t => {
  for (const nature of ['transient', 'rejected'] as const) {
    const { session, refuse, clock } = rig(t)
    const waiting = failureOf(session.acquire())
    await refuse(nature)
    session.close()
    await waiting
    t.equal(clock.pending, 0)
  }
})

t.test('close() twice, or before any request, is harmless', async t => {
  const { session, told } = rig(t)
  session.close()
  session.close()
  t.equal(await offered(session), 'draining')
  t.strictSame(told, ['idle → closed: no longer needed'])
})
