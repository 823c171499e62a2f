import { parseArgs } from 'node:util'
import { integer } from '../../support/integer.js'
import { oneOf } from '../options.js'

const USAGE = 'Usage: node test/bench/far.js [--rounds N] [--rtt MS] [--idle SECONDS,SECONDS] [--only NAME,NAME]'

/** What can be measured: proxies, and curl without one. */
const NAMES = ['curl', 'ours', 'fastify', 'nginx']

const MOST_ROUNDS = 100
const MOST_MILLISECONDS = 10_000
const MOST_SECONDS = 3_600

/** How often to measure what, over which round trip, and after which idle times. Ends the process on nonsense. */
export function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '3' },
        rtt: { type: 'string', default: '80' },
        idle: { type: 'string', default: '25' },
        only: { type: 'string', default: NAMES.join(',') },
      },
    })
    return {
      rounds: integer(values.rounds, 1, MOST_ROUNDS),
      roundTrip: integer(values.rtt, 1, MOST_MILLISECONDS),
      idle: values.idle.split(',').map(text => integer(text, 1, MOST_SECONDS)),
      names: values.only.split(',').map(name => oneOf(NAMES, name)),
    }
  } catch ({ message }) {
    console.error(`${message}\n${USAGE}`)
    process.exit(2)
  }
}
