import t, { type Test } from 'tap'
import { EndController } from '../../src/kernel/end-signal.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { Pacer } from '../../src/pacing/pacer.ts'
import { SharedLimit, type ShareLimit } from '../../src/pacing/shared/shared-limit.ts'
import { RateLimiter, REFILLS, type Refill } from '../../src/simulator/rate-limits.ts'
import { member, TestStore } from '../fleet/rig.ts'
import { settle, testClock } from '../support/clock.ts'
import { Random } from '../support/random.ts'

const ENDPOINT = { key: 'default GET /x', declared: undefined }
const LIMIT = { rate: 20, burst: 20 }
const MEMBERS = 8
const CLIENTS = 3

/** The requests per second of somebody who is no member. */
const OTHERS = LIMIT.rate / 3

/** A fleet under load that is never enough, with an upstream that counts what it refuses. */
function fleetUnderLoad(t: Test, refill: Refill) {
  const clock = testClock(0)
  const random = new Random(7)
  const limiter = new RateLimiter({ limits: { x: LIMIT }, refill, now: () => clock.monotonic() })
  const store = new TestStore(clock)
  const user = new Secret('the user')
  const counts = { served: 0, refused: 0, failed: 0 }
  const pause = (ms: number) => new Promise<void>(resolve => clock.setTimeout(resolve, ms))
  const signal = new EndController('the client has left')
  const request = async (pacer: Pacer, client: unknown) => {
    let waited = 0
    for (let attempt = 0; attempt <= 3; attempt++) {
      const from = clock.monotonic()
      const permit = await pacer.admit(ENDPOINT, { client, returned: attempt > 0, waited, signal })
      waited += clock.monotonic() - from
      await pause(random.between(1, 10))
      const verdict = limiter.take('user', 'x')
      await pause(random.between(1, 20))
      const header = (name: string) =>
        Object.entries(verdict?.headers ?? {}).find(([each]) => each.toLowerCase() === name)?.[1]
      pacer.answered(ENDPOINT, permit, { status: verdict?.granted ? 200 : 429, header, attempt })
      counts[verdict?.granted ? 'served' : 'refused']++
      if (verdict?.granted) return
    }
    counts.failed++
  }
  let isOver = false
  const forEver = async (turn: () => Promise<unknown>) => {
    while (!isOver) await turn()
  }
  for (let at = 0; at < MEMBERS; at++) {
    const fleet = member(t, store, clock, `member ${at}`)
    const share: ShareLimit = (key, told) =>
      new SharedLimit({ fleet, parts: [key], user: () => user, drawer: fleet.member }, told)
    const pacer = new Pacer({ clock, settings: () => ({ enabled: true, maxWait: 30_000, maxQueue: 100 }), share })
    for (let client = 0; client < CLIENTS; client++) void forEver(() => request(pacer, client))
  }
  void forEver(() => {
    limiter.take('user', 'x')
    return pause((1000 / OTHERS) * random.spread(0.5, 1.5))
  })
  /** Counts what happens within so many seconds. */
  const during = async (seconds: number) => {
    const before = { ...counts }
    for (let ms = 0; ms < seconds * 1000; ms += 5) await clock.advance(5)
    return {
      served: counts.served - before.served,
      refused: counts.refused - before.refused,
      failed: counts.failed - before.failed,
    }
  }
  t.teardown(async () => {
    isOver = true
    for (let seconds = 0; seconds < 40; seconds++) await clock.advance(1000)
    await settle()
  })
  return { store, during }
}

/** How many requests may be refused in 15 s: a limit that refills in steps is empty for a part of each second. */
const REFUSED = { stepwise: 10, continuous: 4 }

for (const [refill, keeps] of REFILLS.flatMap(refill => [[refill, false] as const, [refill, true] as const])) {
  const name = `after it came back ${keeps ? 'as it was' : 'empty'}`
  t.test(`a ${refill} limit is kept while the store is gone, and ${name}`, async t => {
    const { store, during } = fleetUnderLoad(t, refill)
    const first = await during(15)
    store.leave()
    if (!keeps) store.store.flush()
    const alone = await during(15)
    store.return()
    const after = await during(15)
    t.equal(first.failed + alone.failed + after.failed, 0)
    t.ok(alone.refused <= REFUSED[refill], `${alone.refused} refused while each goes on alone`)
    t.ok(alone.served >= 5 * LIMIT.rate, `${alone.served} served while each goes on alone`)
    t.ok(after.refused <= 4, `${after.refused} refused after that`)
    t.ok(after.served >= 7 * LIMIT.rate, `${after.served} served after that`)
  })
}
