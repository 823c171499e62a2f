/** How many answers a client must have had, by the second, for the soak to mean anything. */
const LEAST_RATE = 20

/** Tokens that must have been used up, by the second; each lives for two, of which one passes before it is extended. */
const LEAST_ROTATIONS = 0.4

/**
 * What the proxy may grow by once settled, in MB. Measured: resident memory jumps by up to 50 MB on Node.js 20, and 65 on
 * 24, when fifty requests that waited for a session go on all at once, and stays there, while the heap in use stays at
 * 16 MB. What leaks with each request is more than that within ten minutes.
 */
const MOST_GROWTH = 100

/**
 * What is known of a soak at its end.
 * @typedef {object} Facts
 * @property {number} seconds
 * @property {string} [failure] what ended it before its time
 * @property {import('./tally.js').Tally} tally
 * @property {import('./saboteur.js').Saboteur['done']} incidents
 * @property {{ generation: number, logins: number, extensions: number, replays: number }} session
 * @property {{ start: number, end: number }} [memory] of the proxy, in MB; absent when the soak ended before its time
 * @property {number} readiness the status of /_proxy/readyz; 0 when it did not answer
 * @property {string} [lastError] of one more request
 * @property {{ proxy: number | string, simulator: number | string }} exits codes, or signals' names
 * @property {readonly string[]} leaks what was printed and must not be
 */

/**
 * Every reason for which a soak has failed.
 * @param {Facts} facts
 * @returns {string[]}
 */
export function reasonsToFail(facts) {
  const { seconds, failure, tally, incidents, session, memory, readiness, lastError, exits, leaks } = facts
  const rules = [
    [failure === undefined, failure],
    [tally.unauthorized === 0, `${tally.unauthorized} answers of 401 reached clients`],
    [tally.errors.size === 0, 'there were errors'],
    [tally.requests >= seconds * LEAST_RATE, `fewer than ${LEAST_RATE} requests a second were answered`],
    [session.generation >= seconds * LEAST_ROTATIONS, `only ${session.generation} tokens in ${seconds} s`],
    [unmet(incidents).length === 0, `no call met ${unmet(incidents).join(', ')}`],
    [!memory || memory.end - memory.start <= MOST_GROWTH, `the proxy grew by more than ${MOST_GROWTH} MB`],
    [readiness === 200, `/_proxy/readyz answered ${readiness} at the end`],
    [lastError === undefined, `the last request failed: ${lastError}`],
    [exits.proxy === 0, `the proxy ended with ${exits.proxy}`],
    [exits.simulator === 0, `the simulator ended with ${exits.simulator}`],
    [leaks.length === 0, `printed: ${leaks.join(', ')}`],
  ]
  return rules.filter(([met]) => !met).map(([, reason]) => reason)
}

/** Incidents that struck nothing have tested nothing. */
function unmet(incidents) {
  return [...incidents].filter(([, { struck }]) => struck === 0).map(([name]) => name)
}
