import t from 'tap'
import { FAULTS } from './fleet-world/faults.ts'
import { live } from './fleet-world/life.ts'

/**
 * Fleets draw on one limit in simulated worlds, each generated from a seed, and the promises about budgets are checked:
 * half of the limits refill all the time, half by whole seconds. A failure names its seed. To run that one alone, with
 * its story:
 *
 *     SEED=123 npx tap run --disable-coverage test/pacing/fleets.alone.test.ts
 */
const SEEDS = 120

t.setTimeout(600_000)

/** What must have happened in all worlds together, and how often at least: otherwise they would prove little. */
const EXPECTED: Readonly<Record<string, number>> = {
  ...Object.fromEntries(FAULTS.map(kind => [`fault: ${kind}`, Math.floor(SEEDS / FAULTS.length)])),
  'store: down': 50,
  'request: served': 30_000,
  'request: refused': 50,
  'idle member with a record': 300,
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
  const share = (counts.get('refused by the upstream') ?? 0) / (counts.get('sent') ?? 0)
  t.ok(share <= 0.015, 'hardly any request is refused', { share })
}
