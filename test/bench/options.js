import { parseArgs } from 'node:util'
import { integer } from '../support/integer.js'
import { peerNames } from './peers.js'

const USAGE =
  'Usage: node test/bench/forward.js [--starts N] [--rounds N] [--window MS] [--warm-up MS] [--connections N,N] [--scheme http,https] [--only NAME,NAME]'

/** Before ten seconds of load, what V8 has compiled so far says little of what it will. */
const WARM_UP = 10_000

const MOST_STARTS = 100
const MOST_ROUNDS = 1_000
const MOST_MILLISECONDS = 600_000
const MOST_CONNECTIONS = 1_000

/**
 * What to measure: each peer is started so many times, for `rounds` windows of so many milliseconds with each number of
 * connections and each scheme. A single round is a smoke run, for which nothing is warmed up. Ends the process on nonsense.
 */
export function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        starts: { type: 'string', default: '4' },
        rounds: { type: 'string', default: '15' },
        window: { type: 'string', default: '150' },
        'warm-up': { type: 'string' },
        connections: { type: 'string', default: '1,16,64' },
        scheme: { type: 'string', default: 'http,https' },
        only: { type: 'string' },
      },
    })
    const rounds = integer(values.rounds, 1, MOST_ROUNDS)
    const warmUp = values['warm-up'] ?? `${rounds === 1 ? 0 : WARM_UP}`
    return {
      starts: integer(values.starts, 1, MOST_STARTS),
      rounds,
      window: integer(values.window, 1, MOST_MILLISECONDS),
      warmUp: integer(warmUp, 0, MOST_MILLISECONDS),
      connections: values.connections.split(',').map(text => integer(text, 1, MOST_CONNECTIONS)),
      schemes: values.scheme.split(',').map(name => oneOf(['http', 'https'], name)),
      peers: values.only?.split(',').map(name => oneOf(peerNames, name)) ?? peerNames,
    }
  } catch ({ message }) {
    console.error(`${message}\n${USAGE}`)
    process.exit(2)
  }
}

/** Reads one of these words. Throws a `RangeError`. */
export function oneOf(words, text) {
  if (words.includes(text)) return text
  throw new RangeError(`"${text}" is none of ${words.join(', ')}.`)
}
