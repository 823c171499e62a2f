import t from 'tap'
import { AuthFailure } from '../../src/auth/auth-failure.ts'
import type { Lease } from '../../src/session/lease.ts'
import { passTime } from '../support/clock.ts'
import { EXTENSION, LIFETIME, NAMED } from './rig.ts'
import { type SharedRig, sharedRig } from './shared-rig.ts'

const tokenOf = (lease: Lease | undefined) => lease?.token.reveal()

/** All sessions get a token. */
async function logIn({ clock, members }: SharedRig): Promise<Lease[]> {
  return passTime(clock, Promise.all(members.map(({ session }) => session.acquire())))
}

/** Lets time pass in small steps, with all members in use. */
async function live({ clock, members }: SharedRig, ms: number, step = 100): Promise<void> {
  for (let at = 0; at < ms; at += step) {
    await clock.advance(step)
    for (const { session } of members) session.use()
  }
}

t.test('fifty members that start at once log in once', async t => {
  const rig = sharedRig(t, 50)
  const leases = await logIn(rig)
  t.same(rig.calls.length, 1)
  t.same(new Set(leases.map(tokenOf)), new Set(['MARK-1']))
})

t.test('one member extends the session for all, again and again', async t => {
  const rig = sharedRig(t, 8)
  await logIn(rig)
  await live(rig, 10 * LIFETIME, 1000)
  const least = (10 * LIFETIME) / (LIFETIME * 0.8)
  t.ok(rig.calls.length >= least && rig.calls.length <= 1 + (10 * LIFETIME) / EXTENSION + 2, 'no more than one would')
  t.same(rig.most(), 1)
  t.same(new Set(rig.members.map(({ session }) => tokenOf(session.use()))).size, 1)
})

t.test('a burst of 401s at all members is one renewal', async t => {
  const rig = sharedRig(t, 20)
  const leases = await logIn(rig)
  for (const [at, { session }] of rig.members.entries()) session.invalidate(leases[at] as Lease, NAMED)
  const renewed = await logIn(rig)
  t.same(
    rig.calls.map(({ call }) => call),
    ['login', 'login'],
  )
  t.same(new Set(renewed.map(tokenOf)), new Set(['MARK-2']))
})

t.test('a rejected access key is tried once for all', async t => {
  const rig = sharedRig(t, 20)
  rig.answer = () => new AuthFailure('rejected', 'no such key', { isAnswer: true })
  const results = await passTime(rig.clock, Promise.allSettled(rig.members.map(({ session }) => session.acquire())))
  t.same(rig.calls.length, 1)
  t.ok(results.every(({ status }) => status === 'rejected'))
  t.same(new Set(rig.members.map(({ session }) => session.state)), new Set(['rejected']))
})
