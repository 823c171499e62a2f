import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { integer } from '../support/integer.js'

const USAGE = 'Usage: node test/soak/soak.js [--seconds N] [--seed N]'

/** Ten minutes. */
const DEFAULT_SECONDS = '600'

/** Less leaves no time for incidents between the warm-up and the calm at the end. */
const LEAST_SECONDS = 20

/** A day. */
const MOST_SECONDS = 86_400

const LARGEST_SEED = 2 ** 32 - 1

/** How long to soak, and the seed of everything random in it: any, unless one is given. Ends the process on nonsense. */
export function readOptions() {
  try {
    const { seconds, seed } = parseArgs({
      options: {
        seconds: { type: 'string', default: DEFAULT_SECONDS },
        seed: { type: 'string', default: `${randomBytes(4).readUInt32BE()}` },
      },
    }).values
    return { seconds: integer(seconds, LEAST_SECONDS, MOST_SECONDS), seed: integer(seed, 0, LARGEST_SEED) }
  } catch ({ message }) {
    console.error(`${message}\n${USAGE}`)
    process.exit(2)
  }
}
