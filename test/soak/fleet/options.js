import { parseArgs } from 'node:util'
import { REFILLS } from '../../../src/simulator/index.ts'
import { integer } from '../../support/integer.js'

const USAGE =
  'Usage: npm run soak:fleet -- [--members N] [--rotations N] [--seconds N] [--windows N] [--smoke] [--refill stepwise,continuous]'

/**
 * How many members start at once, how often the session rotates, how long a limit is shared, in how many windows the
 * cost is measured, and how the simulator's limits refill. A smoke run fails only if a client sees a failure. Ends the
 * process on nonsense.
 */
export function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        members: { type: 'string', default: '50' },
        rotations: { type: 'string', default: '200' },
        seconds: { type: 'string', default: '60' },
        smoke: { type: 'boolean', default: false },
        windows: { type: 'string', default: '40' },
        refill: { type: 'string', default: REFILLS.join() },
      },
    })
    const refills = values.refill.split(',')
    const unknown = refills.find(refill => !REFILLS.includes(refill))
    if (unknown !== undefined) throw new RangeError(`"${unknown}" is none of ${REFILLS.join(', ')}.`)
    return {
      members: integer(values.members, 1, 500),
      turns: integer(values.rotations, 1, 100_000),
      seconds: integer(values.seconds, 5, 86_400),
      refills,
      smoke: values.smoke,
      windows: integer(values.windows, 1, 10_000),
    }
  } catch ({ message }) {
    console.error(`${message}\n${USAGE}`)
    process.exit(2)
  }
}
