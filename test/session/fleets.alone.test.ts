import t from 'tap'
import { FAULTS } from './fleet-world/faults.ts'
import { live } from './fleet-world/life.ts'

/**
 * Fleets live for some minutes in simulated worlds where much goes wrong, each generated from a seed, and the promises
 * about sessions are checked all the time. A failure names its seed. To run that one alone, with its story:
 *
 *     SEED=123 npx tap run --disable-coverage test/session/fleets.alone.test.ts
 */
const SEEDS = 380

t.setTimeout(600_000)

/** What must have happened in all worlds together, and how often at least: otherwise they would prove little. */
const EXPECTED: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.keys(FAULTS).map(name => [name, 80])),
  'key: disabled': 5,
  'killed during a call': 20,
  'left during a call': 10,
  'stalled during a call': 20,
  'call: login': 1000,
  'call: extend': 5000,
  'call in peace': 4000,
  'rejected key tried again': 1,
  'sent in peace': 50_000,
  'waited in peace': 1000,
  'request: 200': 100_000,
  'request: 401': 20,
  'request: rejected': 1000,
  'several members converged': 200,
  'searched for secrets': 50,
  rested: 300,
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
}
