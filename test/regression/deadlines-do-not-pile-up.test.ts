import { getEventListeners } from 'node:events'
import t from 'tap'
import { withDeadline } from '../../src/kernel/clock.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { testClock } from '../support/clock.ts'

/**
 * Node.js keeps a signal of `AbortSignal.any` for as long as its sources live, while anybody listens to it. A listener
 * left behind at each call cost 3 KB for as long as the session lived.
 */
t.test('a call with a deadline leaves nobody listening, however it ends', async t => {
  const { signal } = new AbortController()
  for (const work of [async () => 'done', async () => Promise.reject(new Error('failed'))]) {
    let given: AbortSignal | undefined
    await failureOf(
      withDeadline(testClock(), 1000, signal, inner => {
        given = inner
        return work()
      }),
    )
    t.ok(given && given !== signal)
    t.strictSame(getEventListeners(given ?? signal, 'abort'), [])
  }
})
