import { parseArgs } from 'node:util'

const USAGE =
  'Usage: node test/bench/forward.js [--rounds N] [--seconds N] [--warm-up SECONDS] [--connections N,N] [--scheme http|https] [--only NAME,NAME]'

/** Below this many seconds of load, what V8 has compiled so far says little of what it will. */
const WARM_UP = 10

const MOST_ROUNDS = 1_000
const MOST_SECONDS = 600
const MOST_CONNECTIONS = 1_000

/**
 * What to measure: windows of `seconds`, `rounds` of them for each peer, number of connections and scheme. A single round
 * is a smoke run, for which nothing is warmed up. Ends the process on nonsense.
 */
export function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '7' },
        seconds: { type: 'string', default: '2' },
        'warm-up': { type: 'string' },
        connections: { type: 'string', default: '1,16,64' },
        scheme: { type: 'string', default: 'http,https' },
        only: { type: 'string' },
      },
    })
    const rounds = integer(values.rounds, 1, MOST_ROUNDS)
    const warmUp = values['warm-up'] ?? `${rounds === 1 ? 0 : WARM_UP}`
    return {
      rounds,
      seconds: integer(values.seconds, 1, MOST_SECONDS),
      warmUp: integer(warmUp, 0, MOST_SECONDS),
      connections: values.connections.split(',').map(text => integer(text, 1, MOST_CONNECTIONS)),
      schemes: values.scheme.split(',').map(scheme),
      only: values.only?.split(','),
    }
  } catch ({ message }) {
    console.error(`${message}\n${USAGE}`)
    process.exit(2)
  }
}

function integer(text, least, most) {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new RangeError(`"${text}" is no whole number from ${least} to ${most}.`)
}

function scheme(text) {
  if (text === 'http' || text === 'https') return text
  throw new RangeError(`"${text}" is no scheme that is measured.`)
}
