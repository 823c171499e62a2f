import { EndController } from '../../src/kernel/end-signal.ts'
import type { Permit } from '../../src/pacing/gate.ts'
import { Pacer } from '../../src/pacing/pacer.ts'
import { RateLimiter } from '../../src/simulator/rate-limits.ts'
import { testClock } from '../support/clock.ts'

const ENDPOINT = { key: 'default GET /x', declared: undefined }

/** Milliseconds by which time moves on. */
const STEP = 5

export interface WorldOptions {
  readonly rate: number
  readonly burst: number
  /** Requests of each client that are there at one time. */
  readonly clients: readonly number[]
  /** Milliseconds that a request takes to the upstream and that its answer takes back, each time. */
  readonly way: () => readonly [there: number, back: number]
  /** Requests a second that others send, by the seconds that have passed. */
  readonly others: (seconds: number) => number
  readonly seconds: number
  readonly enabled?: boolean
}

/** What happened in a world. */
export interface History {
  /** Served requests by client, and the milliseconds that each of them waited. */
  readonly waits: readonly number[][]
  /** Requests that others got through. */
  readonly othersServed: number
  /** Refused by the upstream, of ours. */
  readonly refused: number
  /** Of those, the ones that were given up. */
  readonly failed: number
  /** Served in each second. */
  readonly bySecond: readonly number[]
}

/** Clients that always have requests, a pacer, and an upstream on whose limit others draw too, in time that is moved. */
export async function live(options: WorldOptions): Promise<History> {
  const { rate, burst, clients, way, others, seconds, enabled = true } = options
  const clock = testClock(0)
  const limiter = new RateLimiter({ x: { rate, burst } }, () => clock.monotonic())
  const pacer = new Pacer({ clock, settings: () => ({ enabled, maxWait: 30_000, maxQueue: 1000 }) })
  const waits = clients.map((): number[] => [])
  const bySecond = Array.from({ length: seconds }, () => 0)
  let [refused, failed, othersServed, isOver] = [0, 0, 0, false]
  const pause = (ms: number) => new Promise<void>(resolve => clock.setTimeout(resolve, ms))
  const signal = new EndController('the client has left')

  async function send(turn: Permit | undefined, attempt: number): Promise<boolean> {
    const [there, back] = way()
    await pause(there)
    const permit = limiter.take('user', 'x')
    // a gateway refuses at once what the service behind it takes long for
    await pause(permit?.granted ? back : there)
    const headers = Object.fromEntries(Object.entries(permit?.headers ?? {}).map(([k, v]) => [k.toLowerCase(), v]))
    const status = permit?.granted ? 200 : 429
    pacer.answered(ENDPOINT, turn, { status, header: name => headers[name], attempt })
    return status === 200
  }

  async function request(client: number): Promise<void> {
    const from = clock.monotonic()
    let waited = 0
    for (let attempt = 0; attempt <= 3; attempt++) {
      const asked = clock.monotonic()
      const turn = await pacer.admit(ENDPOINT, { client, returned: attempt > 0, waited, signal })
      waited += clock.monotonic() - asked
      if (await send(turn, attempt)) {
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
