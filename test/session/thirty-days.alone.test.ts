import t from 'tap'
import { FAULT_KINDS } from './world/faults.ts'
import { live } from './world/life.ts'

/**
 * A session runs for thirty days in simulated worlds where much goes wrong, each generated from a seed, and its
 * promises are checked all the time. A failure names its seed. To run that one alone, with its story:
 *
 *     SEED=123 npx tap run --disable-coverage test/session/thirty-days.alone.test.ts
 */
const SEEDS = 500

// forty simulated years take a minute on one core, and longer if it is shared
t.setTimeout(600_000)

/** What must have happened in all worlds together, and how often at least: otherwise they would prove little. */
const EXPECTED: Readonly<Record<string, number>> = {
  ...Object.fromEntries(FAULT_KINDS.map(kind => [`fault: ${kind}`, 100])),
  'state: authenticating': 100_000,
  'state: ready': 100_000,
  'state: backing-off': 10_000,
  'state: rejected': 500,
  'state: idle': 10_000,
  'state: closed': SEEDS,
  'closed while idle': 5,
  'closed while authenticating': 5,
  'closed while ready': 5,
  'closed while backing-off': 5,
  'closed while rejected': 5,
  '401: renewed': 1000,
  '401: kept': 1000,
  '401 by name: renewed': 1000,
  '401 by name: kept': 1000,
  'call caused by a 401': 1000,
  'call put off after a 401': 100,
  'request: served, in calm': 100_000,
  'request: unavailable': 1000,
  'request: rejected': 1000,
  'request: left': 1000,
  'rest after a calm time awake': 1000,
}

const counts = new Map<string, number>()

async function liveAndCheck(seed: number): Promise<void> {
  const { broken, story, counts: counted } = await live(seed)
  t.equal(broken, undefined, `seed ${seed}: ${broken ?? 'every promise is kept'}`, { story })
  for (const [what, count] of counted) counts.set(what, (counts.get(what) ?? 0) + count)
}

const chosen = process.env.SEED
if (chosen) {
  await liveAndCheck(Number(chosen))
} else {
  for (let seed = 1; seed <= SEEDS; seed++) await liveAndCheck(seed)
  for (const [what, least] of Object.entries(EXPECTED)) {
    const count = counts.get(what) ?? 0
    t.ok(count >= least, `${what}: ${least} times at least`, { count })
  }
  const ratio = (counts.get('backoff: waited') ?? 0) / (counts.get('backoff: longest wait') ?? 0)
  t.ok(ratio > 0.45 && ratio < 0.55, 'the waits after failures are drawn evenly up to the longest', { ratio })
}
