import t, { type Test } from 'tap'
import { AuthFailure } from '../../src/auth/auth-failure.ts'
import type { Lease } from '../../src/session/lease.ts'
import { passTime } from '../support/clock.ts'
import { EXTENSION, LIFETIME, NAMED, PLAIN } from './rig.ts'
import { type SharedRig, sharedRig } from './shared-rig.ts'

const tokenOf = (lease: Lease | undefined) => lease?.token.reveal()

const tokensOf = ({ members }: SharedRig) => [...new Set(members.map(({ session }) => tokenOf(session.use())))]

const callsOf = ({ calls }: SharedRig) => calls.map(({ call }) => call)

/** All sessions get a token. */
async function logIn({ clock, members }: SharedRig): Promise<Lease[]> {
  return passTime(clock, Promise.all(members.map(({ session }) => session.acquire())))
}

/** Lets time pass in steps, with all members in use. */
async function live({ clock, members }: SharedRig, ms: number, step = 1000): Promise<void> {
  for (let at = 0; at < ms; at += step) {
    await clock.advance(step)
    for (const { session } of members) session.use()
  }
}

/** All members learn that the API rejected their token. */
function refuseAll({ members }: SharedRig, leases: readonly Lease[], response = NAMED): void {
  for (const [at, { session }] of members.entries()) session.invalidate(leases[at] as Lease, response)
}

t.test('fifty members that start at once log in once', async t => {
  const rig = sharedRig(t, 50)
  const leases = await logIn(rig)
  t.same(callsOf(rig), ['login'])
  t.same(new Set(leases.map(tokenOf)), new Set(['MARK-1']))
})

t.test('tenants with one access key log in once, also in one process', async t => {
  const rig = sharedRig(t, 1)
  for (let n = 0; n < 3; n++) rig.join(undefined, undefined, { joined: rig.members[0]?.fleet })
  const leases = await logIn(rig)
  t.same(new Set(leases.map(tokenOf)), new Set(['MARK-1']))
  refuseAll(rig, leases)
  await logIn(rig)
  t.same(callsOf(rig), ['login', 'login'])
  t.equal(rig.most(), 1)
})

t.test('a member that comes later takes the token, and extends it when it is due for all', async t => {
  const rig = sharedRig(t, 1)
  await logIn(rig)
  await live(rig, EXTENSION / 2)
  const late = rig.join()
  const lease = await passTime(rig.clock, late.session.acquire())
  t.equal(tokenOf(lease), 'MARK-1')
  t.match(late.told.at(-1), /expires in (39\d|40\d) s/)
  rig.members[0]?.session.close()
  await live(rig, EXTENSION / 2 + LIFETIME / 10, 500)
  t.same(callsOf(rig), ['login', 'extend'])
  t.same(tokensOf({ ...rig, members: [late] }), ['MARK-2'])
})

t.test('a member that comes when the token is about to expire gets another', async t => {
  const rig = sharedRig(t, 1)
  await logIn(rig)
  rig.members[0]?.session.close()
  await rig.clock.advance(LIFETIME - 3_000)
  const late = rig.join()
  t.equal(tokenOf(await passTime(rig.clock, late.session.acquire())), 'MARK-2')
  t.notMatch(late.told.join(), /failed|expired/)
})

t.test('one member extends the session for all, again and again', async t => {
  const rig = sharedRig(t, 5)
  await logIn(rig)
  for (let n = 2; n <= 6; n++) {
    await live(rig, EXTENSION + LIFETIME / 20, 500)
    t.same(tokensOf(rig), [`MARK-${rig.calls.length}`])
  }
  t.ok(rig.calls.length >= 6 && rig.calls.length <= 7, `${rig.calls.length} calls`)
  t.equal(rig.most(), 1)
})

t.test('a burst of 401s at all members is one renewal', async t => {
  const rig = sharedRig(t, 20)
  const leases = await logIn(rig)
  refuseAll(rig, leases)
  await logIn(rig)
  t.same(callsOf(rig), ['login', 'login'])
  t.same(tokensOf(rig), ['MARK-2'])
})

t.test('a doubt at all members is one extension', async t => {
  const rig = sharedRig(t, 20)
  const leases = await logIn(rig)
  for (const lease of leases) lease.served(PLAIN.operation)
  refuseAll(rig, leases, PLAIN)
  await logIn(rig)
  t.same(callsOf(rig), ['login', 'extend'])
  t.same(tokensOf(rig), ['MARK-2'])
})

t.test('a 401 to a token that another member has replaced costs no call', async t => {
  const rig = sharedRig(t, 2)
  const leases = await logIn(rig)
  rig.store.isHeard = () => false
  rig.members[0]?.session.invalidate(leases[0] as Lease, NAMED)
  await passTime(rig.clock, Promise.resolve(rig.members[0]?.session.acquire()))
  rig.members[1]?.session.invalidate(leases[1] as Lease, NAMED)
  await logIn(rig)
  t.same(callsOf(rig), ['login', 'login'])
  t.same(tokensOf(rig), ['MARK-2'])
})

t.test('a rejected access key is tried once for all, every ten minutes', async t => {
  const rig = sharedRig(t, 20)
  rig.answer = () => new AuthFailure('rejected', 'MARK: no such key', { isAnswer: true })
  const results = await passTime(rig.clock, Promise.allSettled(rig.members.map(({ session }) => session.acquire())))
  t.equal(rig.calls.length, 1)
  t.ok(results.every(({ status }) => status === 'rejected'))
  t.same(new Set(rig.members.map(({ session }) => session.state)), new Set(['rejected']))
  const late = rig.join()
  await passTime(rig.clock, late.session.acquire()).catch(() => {})
  t.equal(late.session.state, 'rejected', 'also for members that come later')
  t.equal(rig.calls.length, 1)
  for (let n = 0; n < 61; n++) await rig.clock.advance(10_000)
  t.equal(rig.calls.length, 2)
})

t.test('after a reload a rejected key is tried anew', async t => {
  const rig = sharedRig(t, 0)
  const [known, other] = [new Map(), rig.join()]
  rig.answer = () => new AuthFailure('rejected', 'no such key', { isAnswer: true })
  const before = rig.join('MARK-secret', known)
  await passTime(rig.clock, before.session.acquire()).catch(() => {})
  rig.answer = () => 100
  const after = rig.join('MARK-secret', known)
  t.equal(tokenOf(await passTime(rig.clock, after.session.acquire())), 'MARK-1')
  await live(rig, 2000)
  t.equal(tokenOf(other.session.use()), undefined, 'others that need none do not care')
  t.equal(tokenOf(await passTime(rig.clock, other.session.acquire())), 'MARK-1')
  t.equal(rig.calls.length, 2)
})

t.test('members wait together after a failure that the auth service answered', async t => {
  const rig = sharedRig(t, 20)
  rig.answer = () => new AuthFailure('transient', 'too many requests', { isAnswer: true, retryAfter: 20_000 })
  for (const { session } of rig.members) session.acquire().catch(() => {})
  await rig.clock.advance(1000)
  for (let n = 0; n < 18; n++) await rig.clock.advance(1000)
  t.equal(rig.calls.length, 1)
  rig.answer = () => 100
  for (let n = 0; n < 80; n++) await rig.clock.advance(1000)
  t.equal(rig.calls.length, 2)
  t.same(tokensOf(rig), ['MARK-1'])
})

t.test('what one member cannot reach, another tries', async t => {
  const rig = sharedRig(t, 3)
  rig.answer = (_, member) => (member === 0 ? new AuthFailure('transient', 'no route') : 100)
  const leases = await logIn(rig)
  t.same(new Set(leases.map(tokenOf)), new Set(['MARK-1']))
  t.same(
    rig.calls.map(({ member }) => member),
    [0, 1],
  )
})

t.test('a member that dies during a call is replaced within five seconds', async t => {
  const rig = sharedRig(t, 3)
  rig.answer = (_, member) => (member === 0 ? Number.POSITIVE_INFINITY : 100)
  const dying = rig.members[0]
  dying?.session.acquire().catch(() => {})
  const waiting = rig.members.slice(1).map(({ session }) => session.acquire())
  await rig.clock.advance(50)
  await rig.clock.advance(2000)
  t.same(
    rig.calls.map(({ member }) => member),
    [0],
    'its call goes on',
  )
  await dying?.fleet.store.close()
  dying?.session.close()
  await rig.clock.advance(4000)
  t.equal(rig.calls.length, 1, 'it may yet be alive')
  for (let n = 0; n < 3; n++) await rig.clock.advance(700)
  const leases = await passTime(rig.clock, Promise.all(waiting))
  t.same(new Set(leases.map(tokenOf)), new Set(['MARK-1']))
  t.equal(rig.calls.length, 2)
})

t.test('a call that takes long is not made twice', async t => {
  const rig = sharedRig(t, 3)
  rig.answer = () => Number.POSITIVE_INFINITY
  for (const { session } of rig.members) session.acquire().catch(() => {})
  for (let n = 0; n < 30; n++) await rig.clock.advance(500)
  t.equal(rig.calls.length, 1)
})

t.test('of two outcomes the first counts, and the late member takes it', async t => {
  const rig = sharedRig(t, 2)
  const [late, prompt] = rig.members
  rig.answer = (_, member) => (member === 0 ? 9000 : 100)
  const lateLease = late?.session.acquire()
  await rig.clock.advance(50)
  // it cannot say that its call goes on
  rig.store.behaviour = member => (member === 0 ? 'refuses' : 'good')
  for (let n = 0; n < 6; n++) await rig.clock.advance(1000)
  t.equal(tokenOf(await passTime(rig.clock, Promise.resolve(prompt?.session.acquire()))), 'MARK-1')
  rig.store.behaviour = () => 'good'
  for (let n = 0; n < 4; n++) await rig.clock.advance(1000)
  t.equal(late?.fleet.store.state, 'up')
  t.equal(tokenOf(await passTime(rig.clock, Promise.resolve(lateLease))), 'MARK-1')
  t.same(callsOf(rig), ['login', 'login'])
})

t.test('without the store, each member has a session of its own', async t => {
  const rig = sharedRig(t, 3)
  await rig.clock.advance(5)
  rig.store.leave()
  await logIn(rig)
  t.same(callsOf(rig), ['login', 'login', 'login'])
  t.same(new Set(rig.members.map(({ session }) => session.state)), new Set(['ready']))
})

t.test('when the store is back, empty, all have one session again', async t => {
  const rig = sharedRig(t, 3)
  await logIn(rig)
  rig.store.leave()
  await live(rig, EXTENSION + LIFETIME / 10)
  t.equal(tokensOf(rig).length, 3)
  rig.store.store.flush()
  rig.store.return()
  await live(rig, EXTENSION + LIFETIME / 10)
  t.equal(tokensOf(rig).length, 1)
})

t.test('a token is kept if the store fails when it is to be stored', async t => {
  const rig = sharedRig(t, 1)
  await rig.clock.advance(5)
  const lease = rig.members[0]?.session.acquire()
  await rig.clock.advance(50)
  rig.store.behaviour = () => 'refuses'
  await rig.clock.advance(100)
  t.equal(tokenOf(await passTime(rig.clock, Promise.resolve(lease))), 'MARK-1')
})

/** The store is good again, and soon all who wait have the token of the one login. */
async function shareOneLogin(t: Test, rig: SharedRig, leases: readonly Promise<Lease>[]): Promise<void> {
  rig.store.behaviour = () => 'good'
  await live(rig, 1000, 100)
  t.same(tokensOf(rig), ['MARK-1'])
  t.same(callsOf(rig), ['login'])
  await Promise.all(leases)
}

t.test('others that wait get a token when the store is back that was away when it was to be stored', async t => {
  const rig = sharedRig(t, 3)
  await rig.clock.advance(5)
  const leases = rig.members.map(({ session }) => session.acquire())
  await rig.clock.advance(50)
  rig.store.behaviour = member => (member === 0 ? 'refuses' : 'good')
  await rig.clock.advance(100)
  t.equal(tokenOf(await passTime(rig.clock, Promise.resolve(leases[0]))), 'MARK-1')
  await shareOneLogin(t, rig, leases)
})

t.test('others that wait get a token when the store is back that did not answer a claim', async t => {
  const rig = sharedRig(t, 3)
  await rig.clock.advance(5)
  rig.store.behaviour = member => (member === 0 ? 'hangs' : 'good')
  const leases = rig.members.map(({ session }) => session.acquire())
  await live(rig, 150, 10)
  t.same(callsOf(rig), ['login'])
  await shareOneLogin(t, rig, leases)
})

t.test('members that have gone on alone share a session as soon as the store is back', async t => {
  const rig = sharedRig(t, 3)
  await rig.clock.advance(5)
  rig.store.leave()
  await logIn(rig)
  t.equal(tokensOf(rig).length, 3)
  rig.store.return()
  await live(rig, 2000, 100)
  t.equal(tokensOf(rig).length, 1)
  t.equal(rig.calls.length, 3)
})

t.test('a token that the API rejects is not stored later, when the store is back', async t => {
  const rig = sharedRig(t, 2)
  await rig.clock.advance(5)
  const [one, other] = rig.members
  const lease = one?.session.acquire()
  await rig.clock.advance(50)
  rig.store.behaviour = () => 'refuses'
  await rig.clock.advance(100)
  one?.session.invalidate((await lease) as Lease, NAMED)
  rig.answer = () => 3000
  one?.session.acquire().catch(() => {})
  await live(rig, 100, 100)
  rig.store.behaviour = () => 'good'
  await live(rig, 1000, 100)
  const waiting = other?.session.acquire()
  await live(rig, 9000, 100)
  t.notSame(tokenOf(await waiting), 'MARK-1')
})

t.test('a store that fails for a moment costs no call', async t => {
  const rig = sharedRig(t, 3)
  await rig.clock.advance(5)
  rig.store.behaviour = () => 'refuses'
  for (const { session } of rig.members) void session.acquire(undefined, false)
  for (let n = 0; n < 4; n++) await rig.clock.advance(100)
  t.same(callsOf(rig), [], 'no request needs the token yet')
  rig.store.behaviour = () => 'good'
  for (let n = 0; n < 9; n++) await rig.clock.advance(100)
  t.same(callsOf(rig), ['login'])
  t.equal(tokensOf(rig).length, 1)
  await live(rig, EXTENSION - LIFETIME / 10)
  rig.store.behaviour = () => ({ after: 50 })
  rig.answer = () => {
    rig.store.behaviour = () => 'refuses'
    return 100
  }
  while (rig.calls.length === 1) await live(rig, 100, 100)
  await live(rig, 300, 100)
  t.equal(rig.calls.length, 2)
  rig.store.behaviour = () => 'good'
  // by then the others are to extend the session, too, if they have not heard of it
  await live(rig, LIFETIME / 10 + 4000, 100)
  t.same(callsOf(rig), ['login', 'extend'], 'the new token is stored when the store is back')
  t.same(tokensOf(rig), ['MARK-2'])
})

t.test('without the store, a request waits for its session hardly longer, and no session for long', async t => {
  const rig = sharedRig(t, 2)
  await rig.clock.advance(5)
  rig.store.leave()
  for (const { session } of rig.members) void session.acquire(undefined, false)
  await rig.clock.advance(200)
  t.same(callsOf(rig), [])
  const lease = rig.members[0]?.session.acquire()
  await rig.clock.advance(55)
  t.same(callsOf(rig), ['login'])
  await passTime(rig.clock, Promise.resolve(lease))
  for (let n = 0; n < 10; n++) await rig.clock.advance(100)
  t.same(callsOf(rig), ['login', 'login'])
})

t.test('what others have stored since the store lost all is newer, even if its clock was set back', async t => {
  const rig = sharedRig(t, 1)
  rig.store.time = 60_000
  const [lease] = await logIn(rig)
  rig.store.store.flush()
  rig.store.time = 0
  await rig.clock.advance(1000)
  const late = rig.join()
  t.equal(tokenOf(await passTime(rig.clock, late.session.acquire())), 'MARK-2')
  rig.members[0]?.session.invalidate(lease as Lease, NAMED)
  t.equal(tokenOf(await passTime(rig.clock, Promise.resolve(rig.members[0]?.session.acquire()))), 'MARK-2')
  t.same(callsOf(rig), ['login', 'login'])
})

t.test('members with another access key have another session', async t => {
  const rig = sharedRig(t, 2)
  const [one, other] = [rig.join('MARK-other'), rig.join('MARK-other')]
  await logIn(rig)
  t.same(callsOf(rig), ['login', 'login'])
  const leases = [one, other].map(({ session }) => session.use())
  t.equal(tokenOf(leases[0]), tokenOf(leases[1]))
  one.session.invalidate(leases[0] as Lease, NAMED)
  await logIn(rig)
  await live(rig, 2000)
  t.equal(rig.calls.length, 3)
  t.equal(tokensOf(rig).length, 2)
})

t.test('a token is not sent for longer than it lives, however late it was read', async t => {
  const rig = sharedRig(t, 1)
  await logIn(rig)
  rig.members[0]?.session.close()
  rig.answer = () => new AuthFailure('transient', 'no')
  for (let n = 0; n < 59; n++) await rig.clock.advance(10_000)
  const late = rig.join()
  const lease = await passTime(rig.clock, late.session.acquire())
  t.equal(tokenOf(lease), 'MARK-1')
  t.ok(late.session.status().secondsLeft <= 5, `${late.session.status().secondsLeft} s`)
})

t.test('what would last longer than it can is not believed: the clock of the store was set back', async t => {
  const rig = sharedRig(t, 1)
  await logIn(rig)
  rig.store.time = -120_000
  const late = rig.join()
  t.equal(tokenOf(await passTime(rig.clock, late.session.acquire())), 'MARK-2')
})

t.test('a lock from the future does not hold anyone up', async t => {
  const rig = sharedRig(t, 2)
  rig.answer = (_, member) => (member === 0 ? Number.POSITIVE_INFINITY : 100)
  rig.members[0]?.session.acquire().catch(() => {})
  await rig.clock.advance(50)
  rig.members[0]?.session.close()
  rig.store.time = -120_000
  await passTime(rig.clock, Promise.resolve(rig.members[1]?.session.acquire()))
  t.equal(rig.calls.length, 2)
})

t.test('what no member has sealed is replaced', async t => {
  const rig = sharedRig(t, 1)
  await logIn(rig)
  for (const nonsense of ['rubbish', '']) {
    rig.store.tamper(nonsense)
    const late = rig.join()
    t.ok(await passTime(rig.clock, late.session.acquire()))
    late.session.close()
  }
  t.equal(rig.calls.length, 3)
})

/** Tells all members that there is a newer outcome. */
function tellAll({ store }: SharedRig): void {
  const record = store.traffic.join('\n').match(/test:news (\S+) /)?.[1]
  const publish = `redis.call('PUBLISH', KEYS[1], ARGV[1])`
  store.store.run(
    { name: 'publish', lua: publish, sha: 'publish' },
    ['prismacloud-proxy:test:news'],
    [`${record} ${Number.MAX_SAFE_INTEGER}`],
  )
}

t.test('a message that tells of nothing costs no call', async t => {
  const rig = sharedRig(t, 3)
  await logIn(rig)
  tellAll(rig)
  await live(rig, 2000)
  t.same(callsOf(rig), ['login'])
  rig.store.store.edit(hash => hash.has('generation') && hash.set('generation', '9e15').set('sealed', 'rubbish'))
  tellAll(rig)
  await live(rig, 2000)
  t.same(callsOf(rig), ['login'], 'nor does what no member has sealed')
  t.same(tokensOf(rig), ['MARK-1'])
})

t.test('a member that has gone on alone takes no message for the end of its token', async t => {
  const rig = sharedRig(t, 3)
  const leases = await logIn(rig)
  rig.store.behaviour = member => (member === 0 ? 'good' : 'refuses')
  await live(rig, 3000)
  t.same(
    rig.members.map(({ fleet }) => fleet.store.state),
    ['up', 'down', 'down'],
  )
  rig.members[0]?.session.invalidate(leases[0] as Lease, NAMED)
  await live(rig, 4000)
  t.same(callsOf(rig), ['login', 'login'])
})

t.test('a fleet that nobody uses makes no calls', async t => {
  const rig = sharedRig(t, 3)
  await logIn(rig)
  for (const { session } of rig.members.slice(1)) session.close()
  const calls = rig.calls.length
  for (const { session } of rig.members) session.close()
  for (let n = 0; n < 100; n++) await rig.clock.advance(10_000)
  t.equal(rig.calls.length, calls)
})

t.test('nothing in the store or on its way there can be read', async t => {
  const rig = sharedRig(t, 2)
  const leases = await logIn(rig)
  refuseAll(rig, leases)
  await logIn(rig)
  rig.answer = () => new AuthFailure('rejected', 'MARK: no such key', { isAnswer: true })
  refuseAll(rig, await logIn(rig))
  await rig.clock.advance(1000)
  t.notMatch(rig.store.traffic.join('\n') + rig.store.store.dump(), /MARK|app2|prismacloud\.io/)
})

t.test('an answer that is not understood is as if the store were down', async t => {
  for (const answer of [
    'strange',
    [],
    ['call'],
    ['busy', 'x'],
    ['news', '5', 'sealed', '10', '20'],
    ['news', '5'],
    ['call', '1e30'],
    ['call', '-1'],
  ]) {
    const rig = sharedRig(t, 1)
    const { store } = rig.store
    const run = store.run.bind(store)
    store.run = (script, keys, args) => (script.name === 'claim' ? answer : run(script, keys, args))
    t.equal(tokenOf((await logIn(rig))[0]), 'MARK-1')
  }
})

t.test('after a rejection a key that has changed meanwhile is used, with a record of its own', async t => {
  const rig = sharedRig(t, 2)
  rig.answer = () => new AuthFailure('rejected', 'no such key', { isAnswer: true })
  const [one, other] = rig.members
  await passTime(rig.clock, Promise.resolve(one?.session.acquire())).catch(() => {})
  rig.answer = () => 100
  one?.changeKey('MARK-new')
  for (let n = 0; n < 61; n++) await rig.clock.advance(10_000)
  t.equal(tokenOf(one?.session.use()), 'MARK-1')
  other?.changeKey('MARK-new')
  t.equal(tokenOf(await passTime(rig.clock, Promise.resolve(other?.session.acquire()))), 'MARK-1')
})

t.test('keys that are good for one login are not shared', async t => {
  const rig = sharedRig(t, 0)
  for (let n = 0; n < 3; n++) rig.join('MARK-secret', new Map(), { kind: 'changing' })
  await logIn(rig)
  t.equal(rig.calls.length, 3)
})

t.test('who waits for the call of another member makes its own as soon as the store is down', async t => {
  const rig = sharedRig(t, 2)
  rig.answer = (_, member) => (member === 0 ? Number.POSITIVE_INFINITY : 10)
  rig.members[0]?.session.acquire().catch(() => {})
  const waiting = rig.members[1]?.session.acquire()
  await rig.clock.advance(20)
  await rig.clock.advance(20)
  t.equal(rig.calls.length, 1)
  rig.store.leave()
  await rig.clock.advance(5)
  await rig.clock.advance(20)
  t.equal(tokenOf(await waiting), 'MARK-1')
})
