// What goes wrong during the soak. No incident lasts as long as the proxy lets a request wait for a session (15 s).
import { between, pick, shuffled } from '../support/random.js'

/** The two auth calls, by their paths. */
const LOGIN = '/login'
const EXTEND = '/auth_token/extend'

/** How many calls in a row meet the same trouble. */
const MOST_IN_A_ROW = 3

/** The deadline of an auth call in this soak, in milliseconds: short, so that a call that hangs does not cost the wait. */
export const CALL_TIMEOUT = 3_000

/** What may happen to an auth call, as the simulator's faults. */
const TROUBLES = {
  'status 503': random => ({ kind: 'status', status: 503, headers: { 'retry-after': `${between(random, 1, 2)}` } }),
  'status 429': () => ({ kind: 'status', status: 429 }),
  'HTML 502': () => ({ kind: 'status', status: 502 }),
  reset: () => ({ kind: 'reset' }),
  slow: random => ({ kind: 'slow', delay: between(random, 500, CALL_TIMEOUT - 500) }),
  hang: () => ({ kind: 'hang', times: 1 }),
  'no-token': () => ({ kind: 'no-token' }),
  'cut-json': () => ({ kind: 'cut-json' }),
}

/**
 * @typedef {object} Incident
 * @property {string} name
 * @property {readonly object[]} [faults] of the simulator
 * @property {'revoke' | 'expire'} [tokens] what becomes of all tokens issued so far
 */

/**
 * Every trouble of every call in a random order, then again in another, without end.
 * @returns {Generator<Incident>}
 */
export function* troubles(random) {
  const pairs = [LOGIN, EXTEND].flatMap(path => Object.keys(TROUBLES).map(name => ({ path, name })))
  for (;;) {
    for (const { path, name } of shuffled(random, pairs)) yield trouble(random, path, name)
  }
}

/** @returns {Incident} */
function trouble(random, path, name) {
  const fault = { times: between(random, 1, MOST_IN_A_ROW), ...TROUBLES[name](random), path }
  if (path === EXTEND) return { name: `extend: ${name}`, faults: [fault] }
  // there is no login as long as extending works
  const refused = { kind: 'status', status: 401, path: EXTEND, times: fault.times + 1 }
  return { name: `login: ${name}`, faults: [refused, fault] }
}

/**
 * The tokens in use die before their time.
 * @returns {Incident}
 */
export function death(random) {
  const tokens = pick(random, ['revoke', 'expire'])
  return { name: `tokens: ${tokens}`, tokens }
}
