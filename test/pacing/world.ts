import { EndController } from '../../src/kernel/end-signal.ts'
import { Pacer } from '../../src/pacing/pacer.ts'
import type { Permit } from '../../src/pacing/permit.ts'
import { RateLimiter, type Refill } from '../../src/simulator/rate-limits.ts'
import { testClock } from '../support/clock.ts'

const ENDPOINT = { key: 'default GET /x', declared: undefined }

/** The step of time, in milliseconds. */
const STEP = 5

export interface WorldOptions {
  readonly rate: number
  readonly burst: number
  /** The concurrent requests of each client. */
  readonly clients: readonly number[]
  /** Returns the milliseconds from request to upstream and from there to the response. */
  readonly way: () => readonly [there: number, back: number]
  /** Returns the requests per second of other users, after so many seconds. */
  readonly others: (seconds: number) => number
  readonly seconds: number
  readonly enabled?: boolean
  /** How the upstream's bucket refills. */
  readonly refill: Refill
}

/** What happened in a world. */
export interface History {
  /** The waits of each client's served requests, in milliseconds. */
  readonly waits: readonly number[][]
  /** The served requests of others. */
  readonly othersServed: number
  /** How many of our requests the upstream refused. */
  readonly refused: number
  /** How many of those failed for good. */
  readonly failed: number
  /** The served requests in each second. */
  readonly bySecond: readonly number[]
}

/** Runs clients that always have requests, a pacer, and an upstream whose limit others use, too, on a test clock. */
export async function live(options: WorldOptions): Promise<History> {
  const { rate, burst, clients, way, others, seconds, enabled = true, refill } = options
  const clock = testClock(0)
  const limiter = new RateLimiter({ limits: { x: { rate, burst } }, refill, now: () => clock.monotonic() })
  const pacer = new Pacer({ clock, settings: () => ({ enabled, maxWait: 30_000, maxQueue: 1000 }) })
  const waits = clients.map((): number[] => [])
  const bySecond = Array.from({ length: seconds }, () => 0)
  let [refused, failed, othersServed, isOver] = [0, 0, 0, false]
  const pause = (ms: number) => new Promise<void>(resolve => clock.setTimeout(resolve, ms))
  const signal = new EndController('the client has left')

  async function send(permit: Permit | undefined, attempt: number): Promise<boolean> {
    const [there, back] = way()
    await pause(there)
    const verdict = limiter.take('user', 'x')
    // a gateway refuses a request without the time that the service behind it takes
    await pause(verdict?.granted ? back : there)
    const headers = Object.fromEntries(Object.entries(verdict?.headers ?? {}).map(([k, v]) => [k.toLowerCase(), v]))
    const status = verdict?.granted ? 200 : 429
    pacer.answered(ENDPOINT, permit, { status, header: name => headers[name], attempt })
    return status === 200
  }

  async function request(client: number): Promise<void> {
    const from = clock.monotonic()
    let waited = 0
    for (let attempt = 0; attempt <= 3; attempt++) {
      const asked = clock.monotonic()
      const permit = await pacer.admit(ENDPOINT, { client, returned: attempt > 0, waited, signal })
      waited += clock.monotonic() - asked
      if (await send(permit, attempt)) {
        waits[client]?.push(clock.monotonic() - from)
        const second = Math.floor(clock.monotonic() / 1000)
        if (second < seconds) bySecond[second] = Number(bySecond[second]) + 1
        return
      }
      refused++
    }
    failed++
  }

  async function keepAsking(client: number): Promise<void> {
    while (!isOver) await request(client)
  }

  const asking = clients.flatMap((count, client) => Array.from({ length: count }, () => keepAsking(client)))
  let owed = 0
  for (let ms = 0; ms < seconds * 1000; ms += STEP) {
    owed += (others(ms / 1000) * STEP) / 1000
    for (; owed >= 1; owed--) if (limiter.take('user', 'x')?.granted) othersServed++
    await clock.advance(STEP)
  }
  isOver = true
  await Promise.race([Promise.all(asking), clock.advance(1)])
  return { waits, othersServed, refused, failed, bySecond }
}
