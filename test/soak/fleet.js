// Proxies that share sessions and rate limits through a real Redis, before the simulator: how often they log in, what
// their clients notice of rotations, and how much of a rate limit they use together, also while Redis is gone.
import { budget } from './fleet/budget.js'
import { cost } from './fleet/cost.js'
import { logins } from './fleet/logins.js'
import { readOptions } from './fleet/options.js'
import { rotations } from './fleet/rotations.js'

const { members, turns, seconds, refills, windows, smoke } = readOptions()
const rows = [
  ...(await logins(members)),
  ...(await rotations(turns)),
  ...(await cost(windows)),
  ...(await inTurn(refills.flatMap(refill => [false, true].map(dies => () => budget({ refill, seconds, dies }))))),
]
// in a short run on a busy machine, only that nothing fails is sure
const failed = rows.filter(({ isGood, required }) => !isGood && !(smoke && required !== 0))
console.log(failed.length === 0 ? 'OK' : `FAILED: ${failed.map(({ what }) => what).join('; ')}`)
process.exit(failed.length === 0 ? 0 : 1)

async function inTurn(runs) {
  const all = []
  for (const run of runs) all.push(...(await run()))
  return all
}
