import t from 'tap'
import { expose } from '../../src/telemetry/metrics/exposition.ts'
import { fleetMetrics } from '../../src/telemetry/metrics/fleet-metrics.ts'
import { testClock } from '../support/clock.ts'
import { member, TestStore } from './rig.ts'

const namesOf = ({ members }: ReturnType<typeof member>) => members.all.map(({ name }) => name)

t.test('members see each other', async t => {
  const clock = testClock()
  const store = new TestStore(clock)
  const [one, other] = [member(t, store, clock, 'b'), member(t, store, clock, 'a')]
  t.same(namesOf(one), ['b'], 'this one, at least')
  other.members.renewed()
  for (let n = 0; n < 3; n++) await clock.advance(1000)
  t.same(
    [namesOf(one), namesOf(other)],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  )
  t.equal(one.members.count, 2)
  const [first] = one.members.all
  t.match(first, { id: other.member, version: '1.2.3', requests: 7 })
  t.ok(Number(first?.renewedAt) >= Number(first?.startedAt))
})

t.test('a member that leaves is gone for the others, and one that dies is after ten seconds', async t => {
  const clock = testClock()
  const store = new TestStore(clock)
  const [one, leaving] = [member(t, store, clock, 'a'), member(t, store, clock, 'b')]
  let isDead = false
  const dying = member(
    t,
    {
      connect: events => {
        const connection = store.connect(events)
        return { ...connection, run: (...call) => (isDead ? new Promise(() => {}) : connection.run(...call)) }
      },
    } as TestStore,
    clock,
    'c',
  )
  for (let n = 0; n < 3; n++) await clock.advance(1000)
  t.same(namesOf(one), ['a', 'b', 'c'])
  await leaving.leave()
  isDead = true
  for (let n = 0; n < 3; n++) await clock.advance(1000)
  t.same(namesOf(one), ['a', 'c'])
  for (let n = 0; n < 11; n++) await clock.advance(1000)
  t.same(namesOf(one), ['a'])
  t.same(namesOf(dying), ['a', 'b', 'c'], 'without the store, a member counts those that it last saw')
})

t.test('what is no member is left out', async t => {
  const clock = testClock()
  const store = new TestStore(clock)
  const one = member(t, store, clock, 'a')
  await clock.advance(10)
  const now = clock.now()
  const strange = {
    x: [now, 'no JSON'],
    y: [now, '{"id":"y","name":5}'],
    z: [now, '{"id":"z","name":"z","version":"1"}'],
    late: [now, '{"id":"late","name":"z","version":"1","startedAt":9e15,"requests":1,"renewedAt":0}'],
    early: [now, '{"id":"early","name":"z","version":"1","startedAt":-1,"requests":1,"renewedAt":0}'],
  }
  store.store.run(
    { name: 'set', lua: `redis.call('SET', KEYS[1], ARGV[1], 'PX', 60000)`, sha: 'set' },
    ['prismacloud-proxy:test:members'],
    [JSON.stringify(strange)],
  )
  for (let n = 0; n < 3; n++) await clock.advance(1000)
  t.same(namesOf(one), ['a'])
})

t.test('a list that is not understood has no members, and a long one is cut', async t => {
  for (const [list, count] of [
    ['strange', 1],
    [
      Array.from({ length: 5000 }, (_, at) =>
        JSON.stringify({ id: `${at}`, name: `${at}`, version: '1', startedAt: 1, requests: 1, renewedAt: 0 }),
      ),
      1001,
    ],
  ] as const) {
    const clock = testClock()
    const store = new TestStore(clock)
    const run = store.store.run.bind(store.store)
    store.store.run = (script, keys, args) => {
      if (script.name !== 'announce') return run(script, keys, args)
      return typeof list === 'string' ? list : list.flatMap((text, at) => [`${at}`, text])
    }
    const one = member(t, store, clock, 'a')
    await clock.advance(10)
    await clock.advance(10)
    t.equal(one.members.count, count)
  }
})

t.test('of members with one name, metrics show the one that started last: the others are no more', async t => {
  const clock = testClock()
  const store = new TestStore(clock)
  const dead = member(t, store, clock, 'pod/1')
  for (let n = 0; n < 2; n++) await clock.advance(1000)
  await dead.store.close()
  const started = clock.now()
  const one = member(t, store, clock, 'pod/1')
  for (let n = 0; n < 3; n++) await clock.advance(1000)
  t.equal(one.members.count, 2)
  const lines = expose(fleetMetrics(one), 'text/plain').split('\n')
  const name = 'prismacloud_proxy_fleet_member_start_timestamp_seconds'
  t.same(
    lines.filter(line => line.startsWith(`${name}{`)),
    [`${name}{member="pod/1",version="1.2.3"} ${started / 1000}`],
  )
})
