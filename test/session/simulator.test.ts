import t, { type Test } from 'tap'
import { request } from 'undici'
import { AuthApi } from '../../src/auth/auth-api.ts'
import { Mutex } from '../../src/kernel/mutex.ts'
import { Secret } from '../../src/kernel/secret.ts'
import type { Lease } from '../../src/session/lease.ts'
import { Session } from '../../src/session/session.ts'
import type { SessionState } from '../../src/session/states.ts'
import { DEMO_USER, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { testClock } from '../support/clock.ts'
import { makePool } from '../support/pool.ts'
import { EXTENSION, LIFETIME, SECONDS_LEFT } from './rig.ts'

const MINUTE = 60_000

/** A session with a simulator on the same clock. `outcome` resolves with the state after the next renewal. */
async function rig(t: Test, options: Partial<SimulatorOptions> = {}) {
  const clock = testClock()
  const simulator = await startSimulator({ clock, ...options })
  const dispatcher = makePool(t).fresh
  const api = resolveApi(simulator.url)
  let renewed = (_state: SessionState) => {}
  const auth = new AuthApi({
    dispatcher,
    api,
    choice: { prismaId: null, customerName: null },
    clock,
    callTimeout: () => 15_000,
  })
  const key = { accessKeyId: new Secret(DEMO_USER.accessKeyId), secretKey: new Secret(DEMO_USER.secretKey) }
  const session = new Session({
    auth,
    api,
    mutex: new Mutex(),
    credentials: { origin: 'test', kind: 'fixed', read: async () => key },
    clock,
    settings: () => ({ waitTimeout: 30_000, idleAfter: 30 * 24 * 60 * MINUTE }),
    random: () => 0.5,
    events: { changed: (from, to) => from === 'authenticating' && renewed(to) },
  })
  t.teardown(async () => {
    session.close()
    await dispatcher.destroy()
    await simulator.close()
  })
  const opens = async ({ token }: Lease) => {
    const headers = { 'x-redlock-auth': token.reveal() }
    const answer = await request(`${simulator.url}/cloud`, { headers })
    await answer.body.dump()
    return answer.statusCode === 200
  }
  const outcome = () =>
    new Promise<SessionState>(resolve => {
      renewed = resolve
    })
  return { session, simulator, clock, opens, outcome }
}

t.test('one login keeps a session valid for hours', async t => {
  const { session, simulator, clock, opens, outcome } = await rig(t)
  await session.acquire()
  for (let extension = 1; extension <= 20; extension++) {
    const extended = outcome()
    await clock.advance(EXTENSION)
    t.equal(await extended, 'ready')
    t.equal(await opens(await session.acquire()), true)
  }
  t.match(session.status(), { generation: 21 })
  t.match(simulator.counts, { logins: 1, extensions: 20, unauthorized: 0 })
})

t.test('the clock of the API may be hours off', async t => {
  for (const clockOffset of [-3 * LIFETIME, 3 * LIFETIME]) {
    const { session, opens } = await rig(t, { clockOffset })
    t.equal(await opens(await session.acquire()), true)
    t.equal(session.status().secondsLeft, SECONDS_LEFT)
  }
})

t.test('after a token is revoked, its extension is refused and a login follows', async t => {
  const { session, simulator, clock, opens, outcome } = await rig(t)
  await session.acquire()
  simulator.revokeAll()
  const renewed = outcome()
  await clock.advance(EXTENSION)
  t.equal(await renewed, 'ready')
  t.match(simulator.counts, { logins: 2, extensions: 1 })
  t.equal(await opens(await session.acquire()), true)
})

t.test('a wrong key is rejected, and accepted at the next attempt once it is corrected', async t => {
  const users = [{ ...DEMO_USER, secretKey: 'not yet' }]
  const { session, clock, opens, outcome } = await rig(t, { users })
  const failure = await failureOf(session.acquire())
  t.match(failure, { type: 'credentials-rejected', detail: / rejected the access key \(401 invalid_credentials: / })
  t.notMatch(JSON.stringify([failure, session.status()]), DEMO_USER.secretKey)
  users[0] = DEMO_USER
  const probed = outcome()
  await clock.advance(10 * MINUTE)
  t.equal(await probed, 'ready')
  t.equal(await opens(await session.acquire()), true)
})

t.test('a user of several tenants who named none gets their names', async t => {
  const tenants = [
    { customerName: 'Acme', prismaId: '1' },
    { customerName: 'Acme Labs', prismaId: '2' },
  ]
  const { session } = await rig(t, { users: [{ ...DEMO_USER, tenants }] })
  const failure = await failureOf(session.acquire())
  t.match(failure, { type: 'credentials-rejected', detail: /"Acme", "Acme Labs"/ })
})

t.test('a session survives an outage of the API', async t => {
  const { session, simulator, clock, opens, outcome } = await rig(t)
  simulator.fault({ kind: 'status', status: 503, headers: { 'retry-after': '20' }, path: '/login' })
  simulator.fault({ kind: 'reset', path: '/login' })
  const first = outcome()
  const lease = session.acquire()
  t.equal(await first, 'backing-off')
  const second = outcome()
  await clock.advance(20_000)
  t.equal(await second, 'backing-off')
  await clock.advance(500)
  t.equal(await opens(await lease), true)
})
