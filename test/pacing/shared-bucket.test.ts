import t from 'tap'
import { Bucket, MIN_RESERVE, RESERVED_FRACTION } from '../../src/pacing/bucket.ts'
import { DRAW, GIVE_BACK, REPORT, SPEND } from '../../src/pacing/shared/scripts.ts'
import { LuaStore } from '../support/lua-store.ts'
import { Random } from '../support/random.ts'

const KEY = 'prismacloud-proxy:test:limit'
const RATE = { rate: 4, burst: 10 }
const START = 1_000_000

/** How exact the twins are: waits in hundredths of a second, of which one is rounded, and numbers. */
const EXACT = [1, 1e-6, 1e-6] as const

/** A limit in the store, and a bucket to which the same happens. */
function twins() {
  let now = START
  const store = new LuaStore(() => now)
  const bucket = new Bucket(RATE, now)
  const run = (script: typeof DRAW, ...args: (string | number)[]) => store.run(script, [KEY], args.map(String))
  run(DRAW, 'me', 0, 0, 1, RATE.rate, RATE.burst, RATE.burst, MIN_RESERVE, 0)
  return {
    bucket,
    now: () => now,
    later: (ms: number) => {
      now += ms
    },
    run,
    /** The tokens of both, and what they know of others. */
    levels() {
      const [, , , , , , tokens, reserve, rate] = run(DRAW, 'me', 0, 0, 1) as string[]
      // a bucket tells its whole tokens only, but also how long it takes until it has so many, once it is refilled
      const many = 5 * RATE.burst
      bucket.limit(now)
      const { others } = bucket
      const left = Math.min(others.reserve, (RATE.burst - 1) * RESERVED_FRACTION)
      const wait = bucket.delay(many - 1 - left, now)
      return {
        shared: [((many - Number(tokens)) / RATE.rate) * 100, Number(reserve), Number(rate)],
        own: [wait / 10, others.reserve, others.rate],
      }
    },
  }
}

t.test('a limit in the store does what a bucket does, whatever happens', async t => {
  for (let seed = 1; seed <= 15; seed++) {
    const random = new Random(seed)
    const { bucket, run, later, now, levels } = twins()
    const drawn: { level: number; shared: number }[] = []
    const events: string[] = []
    for (let n = 0; n < 60; n++) {
      later(random.between(0, random.chance(0.1) ? 60_000 : 900))
      const inFlight = Math.round(random.between(0, 5))
      const sent = random.chance(0.2) ? undefined : drawn[Math.floor(random.between(0, drawn.length))]
      const event = Math.floor(random.between(0, 5))
      events.push(`${event}`)
      if (event === 0) {
        for (let times = random.chance(0.2) ? 25 : 1; times > 0; times--) {
          run(SPEND, 'me', inFlight)
          bucket.draw(now())
        }
      } else if (event === 1) {
        run(GIVE_BACK, 'me', inFlight, 1)
        bucket.giveBack(1)
      } else if (event === 2) {
        run(REPORT, 'me', inFlight, 'limited', 1, 0, 'news', 'x ', 0, 4, 10, 0)
        bucket.refused(RATE, now())
      } else if (event === 3) {
        // no whole number, so that no rounding decides
        const remaining = random.between(0, 10)
        const level = sent ? [sent.shared] : []
        run(REPORT, 'me', inFlight, 'served', 1, 0, 'news', 'x ', 0, 4, 10, remaining, ...level)
        bucket.counted({ level: sent?.level, inFlight, limit: { ...RATE, remaining } }, now())
      } else {
        const [, granted, , level] = run(DRAW, 'me', inFlight, 1, 1) as string[]
        if (granted === '1') drawn.push({ level: bucket.draw(now()), shared: Number(level) })
      }
      const { shared, own } = levels()
      const isSame = shared.every((value, at) => Math.abs(value - Number(own[at])) <= Number(EXACT[at]))
      if (!isSame) return t.same(shared, own, `seed ${seed}, after ${events.join(' ')}`)
    }
  }
  return t.pass()
})

/** A limit in the store that several members draw on, at first with so many tokens. */
function line(tokens: number) {
  let now = START
  const store = new LuaStore(() => now)
  const run = (script: typeof DRAW, ...args: (string | number)[]) => store.run(script, [KEY], args.map(String))
  const draw = (member: string, want: number, isFirst = 0) =>
    (run(DRAW, member, 0, want, isFirst, 1, 4, tokens, MIN_RESERVE, 0) as string[]).slice(1, 3).map(Number)
  return {
    draw,
    later: (ms: number) => {
      now += ms
    },
  }
}

t.test('a member leaves a token for each before it', async t => {
  const { draw, later } = line(0)
  t.same(draw('a', 1), [0, 2500])
  t.same(draw('b', 1), [0, 3500])
  later(2500)
  t.same(draw('b', 1), [0, 1000])
  t.same(draw('a', 1), [1, 0])
})

t.test('a member draws several only if there is one for every other', async t => {
  const { draw, later } = line(0)
  draw('late', 1)
  draw('b', 1)
  later(3900)
  t.equal(draw('a', 3)[0], 1)
})

t.test('a member that asks late has lost its place', async t => {
  const { draw, later } = line(0)
  draw('a', 1)
  later(2900)
  t.equal(draw('b', 1)[0], 0)
  later(200)
  t.equal(draw('b', 1)[0], 1)
})

t.test('what a member took alone is missing in the bucket that the others find', async t => {
  const { run } = twins()
  const draw = (want: number, ...believed: number[]) => (run(DRAW, 'a', 0, want, 1, ...believed) as string[])[1]
  t.equal(draw(0, RATE.rate, RATE.burst, 3, MIN_RESERVE, 0, 1), '0')
  t.equal(draw(10), '3')
  t.equal(draw(10, RATE.rate, RATE.burst, 10, MIN_RESERVE, 0, 1), '0', 'and nothing is there that was not')
})

t.test('a limit that members of an earlier version have stored is one of which others take nothing', async t => {
  const { run } = twins()
  const lua = `
local limit = cjson.decode(redis.call('GET', KEYS[1]))
limit.othersRate = nil
redis.call('SET', KEYS[1], cjson.encode(limit))
return 1
`
  run({ name: 'forget', lua, sha: 'forget' })
  t.match(run(DRAW, 'me', 0, 1, 1), ['limited', '1'])
})

t.test('only the first request, while no other member waits, leaves no reserve', async t => {
  t.equal(line(1).draw('a', 1, 1)[0], 1)
  t.equal(line(1).draw('a', 1)[0], 0)
  const { draw } = line(2)
  draw('b', 1)
  t.equal(draw('a', 1, 1)[0], 0)
})

/** An endpoint of which nothing is known yet. */
function unknown() {
  let now = START
  const store = new LuaStore(() => now)
  const run = (script: typeof DRAW, ...args: (string | number)[]) => store.run(script, [KEY], args.map(String))
  return {
    run,
    later: (ms: number) => {
      now += ms
    },
  }
}

t.test('the requests of a member that is gone count for a minute', async t => {
  const { run, later } = unknown()
  t.match(run(DRAW, 'a', 0, 20, 1), ['unknown', '20'])
  later(60_000)
  t.match(run(DRAW, 'b', 0, 1, 1), ['unknown', '0'])
  later(1)
  t.match(run(DRAW, 'b', 0, 1, 1), ['unknown', '1'])
})

t.test('a limit begins with what remains after the requests in flight', async t => {
  const { run } = unknown()
  run(DRAW, 'a', 3, 0, 1)
  run(REPORT, 'b', 1, 'served', 1, 0, 'news', 'x ', 0, 1, 10, 6)
  t.equal(Number((run(DRAW, 'b', 1, 0, 1) as string[])[6]), 2)
})

t.test('what a request was told that was sent without the fleet is no limit for all', async t => {
  const { run } = unknown()
  run(REPORT, 'b', 0, 'served', 1, 0, 'news', 'x ', 1, 1, 10, 6)
  t.match(run(DRAW, 'b', 0, 0, 1), ['unknown'])
  const [kind, , , , , , tokens] = run(DRAW, 'b', 0, 0, 1, 1, 10, 2, MIN_RESERVE, 0, 1) as string[]
  t.same([kind, tokens], ['limited', '2'], 'but what its member believes')
})

t.test('a shorter pause does not end a longer one', async t => {
  const { run } = unknown()
  for (const pause of [5000, 1000]) run(REPORT, 'a', 0, 'unavailable', 0, pause, 'news', 'x ', 0)
  t.match(run(DRAW, 'a', 0, 1, 1), ['unknown', '0', '5000'])
})
