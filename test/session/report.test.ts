import { inspect } from 'node:util'
import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { settle } from '../support/clock.ts'
import { EXTENSION, LIFETIME, PLAIN, rig } from './rig.ts'

t.test('the status of an unused session is idle', async t => {
  t.strictSame(rig(t).session.status(), {
    state: 'idle',
    generation: 0,
    secondsLeft: 0,
    lastRefresh: null,
    lastError: null,
  })
})

t.test('the status has the state, the time left and the last error', async t => {
  const { session, start, grant, refuse, clock } = rig(t)
  await start()
  await clock.advance(EXTENSION)
  await grant()
  await clock.advance(EXTENSION + 500)
  await refuse('transient', { message: 'the vendor is down' })
  const { lastRefresh, lastError, ...rest } = session.status()
  t.strictSame(rest, { state: 'backing-off', generation: 2, secondsLeft: 204 })
  t.equal(lastError?.reason, 'the vendor is down')
  for (const [at, time] of [
    [lastRefresh, EXTENSION],
    [lastError?.at, 2 * EXTENSION + 500],
  ] as const) {
    const late = Date.parse(at ?? '') - Date.UTC(2026, 0, 1) - time
    t.ok(late >= 0 && late <= clock.drifted(), `${at} is ${late} ms late`)
  }
})

t.test('each change of state and each call is reported with its reason', async t => {
  const { session, start, grant, refuse, clock, told } = rig(t)
  await start()
  await clock.advance(EXTENSION)
  await grant()
  await clock.advance(EXTENSION)
  await refuse('refused')
  await refuse('transient', { message: 'the vendor is down' })
  await clock.advance(250)
  await refuse('rejected', { message: 'the key is disabled' })
  session.close()
  t.strictSame(told, [
    'idle → authenticating: logging in',
    'login: ok',
    'authenticating → ready: expires in 600 s',
    'ready → authenticating: extending the session',
    'extend: ok',
    'authenticating → ready: expires in 600 s',
    'ready → authenticating: extending the session',
    'extend: refused',
    'login: transient',
    'authenticating → backing-off: the vendor is down',
    'backing-off → authenticating: extending the session',
    'extend: rejected',
    'authenticating → rejected: the key is disabled',
    'rejected → closed: no longer needed',
  ])
})

t.test('no secret appears in a status, an event, a problem, a lease or the session itself', async t => {
  const { session, start, refuse, clock, told } = rig(t)
  const lease = await start()
  const seen: unknown[] = [session, session.status(), lease]
  await clock.advance(EXTENSION)
  await refuse('transient')
  seen.push(session.status())
  session.invalidate(lease, PLAIN)
  const waiting = failureOf(session.acquire())
  await clock.advance(250)
  await refuse('rejected')
  seen.push(await waiting, session.status(), told)
  const text = inspect(seen, { depth: null, showHidden: true }) + JSON.stringify(seen)
  t.notMatch(text, /MARK/)
  t.match(text, '[secret]')
})

t.test(
  'after each auth call it is reported which access key was used, and the lease of the live token if there is one',
  async t => {
    const used: string[] = []
    let readable = false
    const { session, grant, refuse, clock } = rig(t, {
      credentials: {
        origin: 'test',
        kind: 'changing',
        read: async () => {
          if (!readable) throw new Error('the file is gone')
          return { accessKeyId: new Secret('MARK-id'), secretKey: new Secret('MARK-key') }
        },
      },
      events: { keyUsed: (id, lease) => used.push(`${id.reveal()} ${lease?.token.reveal()}`) },
    })
    session.renew()
    await settle()
    t.strictSame(used, [], 'no key has been read')
    readable = true
    await clock.advance(LIFETIME)
    await refuse('rejected')
    t.strictSame(used.splice(0), ['MARK-id undefined'])
    await clock.advance(LIFETIME)
    await grant()
    await clock.advance(EXTENSION)
    await refuse('transient')
    await clock.advance(LIFETIME)
    await refuse('transient')
    t.strictSame(used, ['MARK-id MARK-2', 'MARK-id MARK-2', 'MARK-id undefined'])
  },
)
