import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { settle } from '../support/clock.ts'
import { type SharedPacing, sharedPacing } from './shared-rig.ts'

/** Lets time pass in steps of ten milliseconds. */
async function pass({ clock }: SharedPacing, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 10) await clock.advance(10)
}

const sizes = (lists: readonly unknown[][]) => lists.map(list => list.length)

const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0)

t.test('all members draw on one bucket', async t => {
  const rig = await sharedPacing(t, 4)
  const granted = rig.members.map(({ askFor }) => askFor(20))
  await pass(rig, 50)
  t.equal(sum(sizes(granted)), 5, 'the burst')
  await pass(rig, 2000)
  t.ok(sum(sizes(granted)) >= 23 && sum(sizes(granted)) <= 25, `${sum(sizes(granted))} at 10/s`)
})

t.test('members take turns, however many requests each has', async t => {
  const rig = await sharedPacing(t, 4)
  const granted = rig.members.map(({ askFor }, at) => askFor(at === 0 ? 200 : 20))
  await pass(rig, 5000)
  const counts = sizes(granted)
  t.ok(Math.max(...counts) - Math.min(...counts) <= 5, `${counts}`)
})

t.test('a member that dies while it waits does not hold up the others', async t => {
  const rig = await sharedPacing(t, 3)
  const granted = rig.members.map(({ askFor }) => askFor(50))
  await pass(rig, 1000)
  const [dead] = rig.members
  dead?.pacer.refuse(new Error('dead'))
  await dead?.fleet.store.close()
  const before = sum(sizes(granted))
  await pass(rig, 3000)
  t.ok(sum(sizes(granted)) - before >= 26, `${sum(sizes(granted)) - before} of 30`)
})

t.test('a request that need not wait asks once, and is not counted as waiting', async t => {
  const rig = await sharedPacing(t, 1)
  await rig.members[0]?.ask()
  t.same(rig.ran(), { draw: 1 })
  t.match([...(rig.members[0]?.pacer.endpoints() ?? [])], [{ counts: { waits: 0 }, limit: { remaining: 4 } }])
})

t.test('requests that come together are drawn for together', async t => {
  const rig = await sharedPacing(t, 1)
  const granted = rig.members[0]?.askFor(4) ?? []
  await settle()
  t.equal(granted.length, 4)
  t.same(rig.ran(), { draw: 2 })
})

t.test('to ask the store takes no place in the queue', async t => {
  const rig = await sharedPacing(t, 1, undefined, 0)
  const granted = rig.members[0]?.askFor(3) ?? []
  await settle()
  t.equal(granted.length, 3)
  for (let n = 0; n < 2; n++) await rig.members[0]?.ask()
  t.match(
    await failureOf(Promise.resolve(rig.members[0]?.ask())),
    { type: 'rate-limited' },
    'but to wait for a token does',
  )
})

t.test('who waits does not ask before it is time', async t => {
  const rig = await sharedPacing(t, 1)
  const granted = rig.members[0]?.askFor(5) ?? []
  await settle()
  rig.ran()
  rig.members[0]?.askFor(50)
  await pass(rig, 90)
  rig.members[0]?.askFor(50)
  t.ok(Number(rig.ran().draw) <= 2)
  t.equal(granted.length, 5)
})

t.test('counts of the upstream correct the bucket for all', async t => {
  const rig = await sharedPacing(t, 2)
  const [one, other] = rig.members
  const permit = await one?.ask()
  one?.answered(permit, { rate: 10, burst: 5, remaining: 0 })
  await settle()
  const granted = other?.askFor(3) ?? []
  await pass(rig, 90)
  t.equal(granted.length, 0, 'others have drawn the rest')
  await pass(rig, 400)
  t.ok(granted.length > 0)
})

t.test('a refusal empties the bucket, and leaves more to others from then on', async t => {
  const rig = await sharedPacing(t, 2)
  const [one, other] = rig.members
  one?.answered(await one.ask(), { status: 429, rate: 10, burst: 5, remaining: 0 })
  await pass(rig, 10)
  const granted = other?.askFor(1) ?? []
  await pass(rig, 200)
  t.equal(granted.length, 0)
  await pass(rig, 200)
  t.equal(granted.length, 1)
})

t.test('pauses apply to all members', async t => {
  const rig = await sharedPacing(t, 2)
  const [one, other] = rig.members
  await other?.ask()
  one?.answered(await one.ask(), { status: 503, retryAfter: 2 })
  await pass(rig, 10)
  const granted = other?.askFor(1) ?? []
  await pass(rig, 1900)
  t.equal(granted.length, 0)
  t.match([...(other?.pacer.endpoints() ?? [])], [{ waiting: 1 }])
  await pass(rig, 200)
  t.equal(granted.length, 1)
})

t.test('until it is known whether there is a limit, twenty requests of all members may be in flight', async t => {
  const rig = await sharedPacing(t, 3, null)
  const granted = rig.members.map(({ askFor }) => askFor(15))
  await pass(rig, 50)
  t.equal(sum(sizes(granted)), 20)
  const [one] = rig.members
  one?.answered(granted[0]?.[0], { rate: 50, burst: 50, remaining: 30 })
  await pass(rig, 1000)
  t.same(sizes(granted), [15, 15, 15], 'once it is known, the others go as it allows')
})

t.test('an endpoint without a limit costs no further call, at any member', async t => {
  const rig = await sharedPacing(t, 3, null)
  const [one, other, third] = rig.members
  one?.answered(await one.ask(), {})
  await pass(rig, 20)
  t.equal(await one?.ask(), undefined)
  const first = other?.askFor(3) ?? []
  await settle()
  t.same(first.slice(1), [undefined, undefined], 'the first draw tells')
  await third?.ask()
  rig.ran()
  for (let n = 0; n < 100; n++) for (const { ask } of rig.members) t.equal(await ask(), undefined)
  t.same(rig.ran(), {})
})

t.test('those who wait to know learn it from another member', async t => {
  const rig = await sharedPacing(t, 2, null)
  const [one, other] = rig.members
  const granted = [one?.askFor(20) ?? [], other?.askFor(5) ?? []]
  await pass(rig, 20)
  t.equal(sum(sizes(granted)), 20)
  one?.answered(granted[0]?.[0], {})
  await pass(rig, 10)
  t.same(sizes(granted), [20, 5])
})

t.test('a limit that shows late is shared, too', async t => {
  const rig = await sharedPacing(t, 2, null)
  const [one, other] = rig.members
  for (const each of [one, other]) each?.answered(await each.ask(), {})
  await pass(rig, 20)
  t.equal(await one?.ask(), undefined)
  one?.answered(undefined, { rate: 10, burst: 5, remaining: 0 })
  other?.answered(undefined, { rate: 10, burst: 5, remaining: 0 })
  await pass(rig, 20)
  const granted = [one?.askFor(5) ?? [], other?.askFor(5) ?? []]
  await pass(rig, 500)
  t.ok(sum(sizes(granted)) <= 5 && sum(sizes(granted)) >= 2, `${sizes(granted)}`)
})

t.test('refusals without a limit let few be in flight', async t => {
  const rig = await sharedPacing(t, 1, null)
  const [one] = rig.members
  const permits = [await one?.ask(), await one?.ask()]
  one?.answered(permits[0], { status: 429, retryAfter: 1 })
  await pass(rig, 1100)
  const granted = one?.askFor(10) ?? []
  await pass(rig, 20)
  t.equal(granted.length, 3, 'four with the one without a response')
  one?.answered(permits[1], {})
  await pass(rig, 20)
  t.ok(granted.length > 3)
})

t.test('two access keys of one user share, two users do not', async t => {
  const rig = await sharedPacing(t, 3)
  const users = ['one', 'one', 'another'].map(name => new Secret(name))
  rig.user = member => users[member]
  const granted = rig.members.map(({ askFor }) => askFor(5))
  await pass(rig, 20)
  const [one = 0, same = 0, other = 0] = sizes(granted)
  t.same([one + same, other], [5, 5])
})

t.test('a member that does not know its user yet goes on alone', async t => {
  const rig = await sharedPacing(t, 1)
  rig.user = () => undefined
  await rig.members[0]?.ask()
  t.same(rig.ran(), {})
})

t.test('the name stays while there is no session', async t => {
  const rig = await sharedPacing(t, 1)
  await rig.members[0]?.ask()
  rig.user = () => undefined
  await rig.members[0]?.ask()
  t.same(rig.ran(), { draw: 2 })
})

t.test('tokens that were not used are given back', async t => {
  const rig = await sharedPacing(t, 2)
  const [one, other] = rig.members
  const permits = one?.askFor(5) ?? []
  await pass(rig, 10)
  for (const permit of permits) permit?.unused()
  await pass(rig, 10)
  const granted = other?.askFor(5) ?? []
  await pass(rig, 20)
  t.equal(granted.length, 5)
})

t.test('tokens for requests that left before they were granted are given back', async t => {
  const rig = await sharedPacing(t, 2)
  const [one, other] = rig.members
  rig.store.behaviour = () => ({ after: 20 })
  one?.askFor(5)
  await pass(rig, 10)
  one?.pacer.refuse(new Error('left'))
  await pass(rig, 50)
  rig.store.behaviour = () => 'good'
  const granted = other?.askFor(5) ?? []
  await pass(rig, 50)
  t.equal(granted.length, 5)
})

t.test('a request that does not wait takes a token all the same', async t => {
  const rig = await sharedPacing(t, 2)
  const [one, other] = rig.members
  await one?.ask()
  for (let n = 0; n < 4; n++) one?.pacer.pass({ key: 'default GET /x', declared: undefined })
  await pass(rig, 10)
  const granted = other?.askFor(1) ?? []
  await pass(rig, 50)
  t.equal(granted.length, 0)
})

t.test('without the store, each member has its share of the limit', async t => {
  const rig = await sharedPacing(t, 2)
  await pass(rig, 4000)
  t.equal(rig.members[0]?.fleet.members.count, 2)
  for (const { ask } of rig.members) await ask()
  rig.store.leave()
  const granted = rig.members.map(({ askFor }) => askFor(100))
  await pass(rig, 4000)
  for (const count of sizes(granted)) t.ok(count >= 18 && count <= 23, `${count} at 5/s in 4 s`)
})

t.test('a response that states the whole limit leaves the share as it is', async t => {
  const rig = await sharedPacing(t, 2)
  await pass(rig, 4000)
  for (const { ask } of rig.members) await ask()
  rig.store.leave()
  const [one] = rig.members
  const permit = await one?.ask()
  one?.answered(permit, { rate: 10, burst: 5, remaining: 4 })
  t.match([...(one?.pacer.endpoints() ?? [])], [{ limit: { rate: 5, burst: 2.5 } }])
})

t.test('a member that goes on alone takes its share of a limit that it learns of by itself', async t => {
  const rig = await sharedPacing(t, 2, null)
  await pass(rig, 4000)
  rig.store.leave()
  const [one] = rig.members
  const permit = await one?.ask()
  one?.answered(permit, { rate: 10, burst: 6, remaining: 6 })
  t.match([...(one?.pacer.endpoints() ?? [])], [{ limit: { rate: 5, burst: 3 } }])
})

t.test('requests that wait for the store go on when it fails, and when it is back', async t => {
  const rig = await sharedPacing(t, 2)
  await pass(rig, 3000)
  const granted = rig.members.map(({ askFor }) => askFor(100))
  await pass(rig, 500)
  rig.store.behaviour = () => 'hangs'
  const before = sum(sizes(granted))
  await pass(rig, 2000)
  const alone = sum(sizes(granted)) - before
  t.ok(alone >= 15 && alone <= 24, `${alone} in 2 s`)
  rig.store.behaviour = () => 'good'
  await pass(rig, 10_000)
  t.same(
    rig.members.map(({ fleet }) => fleet.store.state),
    ['up', 'up'],
  )
  rig.ran()
  await pass(rig, 1000)
  t.ok(Number(rig.ran().draw) > 5, 'the store decides again')
})

/** Answers all draws of the members with something else. */
function answerDraws({ store: { store } }: SharedPacing, answer: ReturnType<typeof store.run>): void {
  const { run } = store
  store.run = (script, keys, args) => (script.name === 'draw' ? answer : run.call(store, script, keys, args))
}

const STRANGE = [
  'strange',
  ['limited', '0', 'nan', '0', '10', '5', '0', '1.5', '0', '0'],
  ['limited', '0', 'inf', '0', '0', '5', '0', '1.5', '0', '0'],
  ['limited', '1', '0', '0', '0', '5', '0', '1.5', '0', '0'],
  ['limited', '1', '0', '0', '10', '0', '0', '1.5', '0', '0'],
  ['unknown', '0', 'nan'],
]

for (const answer of STRANGE)
  t.test(`what is not understood limits nothing: ${answer}`, async t => {
    const rig = await sharedPacing(t, 1)
    const [one] = rig.members
    answerDraws(rig, answer)
    t.equal(one?.askFor(1).length, 0)
    await settle()
    t.equal(await one?.ask(), undefined)
    t.same([...(one?.pacer.endpoints() ?? [])], [])
  })

t.test('no pause is longer than an hour, whatever others write', async t => {
  const rig = await sharedPacing(t, 2)
  const [one, other] = rig.members
  await one?.ask()
  const record = JSON.parse(`${rig.store.traffic.find(line => line.startsWith('["draw"'))}`)[1][0]
    .split(':')
    .at(-1)
  const publish = `redis.call('PUBLISH', KEYS[1], ARGV[1])`
  const channel = 'prismacloud-proxy:test:news'
  rig.store.store.run({ name: 'publish', lua: publish, sha: 'publish' }, [channel], [`${record} 1e300`])
  await pass(rig, 10)
  const { pause } = [...(one?.pacer.endpoints() ?? [])][0] ?? {}
  t.ok(Number(pause) > 3_590_000 && Number(pause) <= 3_600_000, `${pause} ms`)
  answerDraws(rig, ['limited', '0', '1e300', '0', '10', '5', '0', '1.5', '0', '0'])
  rig.ran()
  for (let at = 0; at < 3_700_000; at += 20_000) {
    other?.askFor(1)
    await rig.clock.advance(20_000)
  }
  t.equal(rig.ran().draw, 2, 'it asks again')
})

t.test('a pause and requests from the future are not believed: the clock of the store was set back', async t => {
  const rig = await sharedPacing(t, 2, null)
  const [one, other] = rig.members
  const granted = one?.askFor(20) ?? []
  await pass(rig, 20)
  t.equal(granted.length, 20)
  rig.store.isHeard = () => false
  one?.answered(granted[0], { status: 503, retryAfter: 2 })
  await pass(rig, 20)
  await one?.fleet.store.close()
  rig.store.time = -120_000
  const after = other?.askFor(5) ?? []
  await pass(rig, 200)
  t.equal(after.length, 5)
})

t.test('an endpoint that is forgotten is not told of anything', async t => {
  const rig = await sharedPacing(t, 2)
  const [one, other] = rig.members
  await one?.ask()
  one?.pacer.forget()
  other?.answered(await other.ask(), { status: 503, retryAfter: 5 })
  await pass(rig, 10)
  t.same([...(one?.pacer.endpoints() ?? [])], [])
})

t.test('an endpoint that is forgotten never listens again, whatever is still in flight', async t => {
  const rig = await sharedPacing(t, 1)
  const [one] = rig.members
  const listening = new Set<object>()
  const hear = one?.fleet.hear.bind(one.fleet)
  Object.assign(one?.fleet ?? {}, {
    hear(...args: Parameters<NonNullable<typeof hear>>) {
      const [entry, deafen] = [{}, hear?.(...args)]
      listening.add(entry)
      return () => {
        listening.delete(entry)
        deafen?.()
      }
    },
  })
  const [permit, later] = [await one?.ask(), await one?.ask()]
  t.equal(listening.size, 1)
  one?.pacer.forget()
  permit?.answered({ kind: 'served', limit: undefined, isConclusive: true, pause: 0 })
  rig.user = () => new Secret('another')
  later?.unused()
  await pass(rig, 10)
  t.equal(listening.size, 0)
  t.ok(rig.ran().report, 'but the response is reported')
})

t.test('nothing in the store or on its way there can be read', async t => {
  const rig = await sharedPacing(t, 1)
  await rig.members[0]?.ask()
  await pass(rig, 10)
  t.notMatch(rig.store.traffic.join('\n') + rig.store.store.dump(), /MARK|https|GET|\/x/)
})

t.test('after a refusal, an endpoint without a limit still costs no call', async t => {
  const rig = await sharedPacing(t, 1, null)
  const [one] = rig.members
  one?.answered(await one.ask(), { status: 503, retryAfter: 1 })
  await pass(rig, 1100)
  one?.answered(await one?.ask(), {})
  await pass(rig, 50)
  rig.ran()
  for (let n = 0; n < 10; n++) one?.answered(await one.ask(), {})
  await pass(rig, 50)
  t.notOk(rig.ran().draw)
})

t.test('where few may be in flight, others learn that a request got no response', async t => {
  const rig = await sharedPacing(t, 2, null)
  const [one, other] = rig.members
  const granted = one?.askFor(20) ?? []
  await pass(rig, 20)
  const waiting = other?.askFor(1) ?? []
  await pass(rig, 300)
  t.equal(waiting.length, 0)
  for (const permit of granted) permit?.lost()
  await pass(rig, 300)
  t.equal(waiting.length, 1)
})
