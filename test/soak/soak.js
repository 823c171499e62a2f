// The proxy under a load of requests while its session rotates once a second and the auth calls fail in every way that
// the simulator knows: clients are to notice nothing. Ends with exit code 0 when they did not.
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../support/random.js'
import { openPool, runClients, send } from './clients.js'
import { call } from './control.js'
import { readOptions } from './options.js'
import { report } from './report.js'
import { policies } from './requests.js'
import { Saboteur } from './saboteur.js'
import { startStack } from './stack.js'
import { Tally } from './tally.js'
import { reasonsToFail } from './verdict.js'

/** Load without incidents, in milliseconds: before the first, and after the last. */
const WARM_UP = 5_000
const CALM = 5_000

/** How long V8 may take to find the size of its heap, in milliseconds; in a short soak half of it. */
const SETTLING = 60_000

/** How often a line tells of the progress, in milliseconds. */
const PROGRESS_INTERVAL = 30_000

/** How much longer than asked for all of it may take, in milliseconds, before it is ended by force. */
const GRACE = 90_000

/** How much is shown of the proxy's log when something was wrong. */
const LAST_LINES = 20

const { seconds, seed } = readOptions()
setTimeout(() => giveUp(`no end ${GRACE / 1000} s after it was due`), seconds * 1000 + GRACE).unref()

console.log(`soak of ${seconds} s, seed ${seed}`)
try {
  await main()
} catch (error) {
  giveUp(error.stack)
}

async function main() {
  const stack = await startStack()
  const pool = openPool(stack.proxyUrl)
  const tally = new Tally()
  const saboteur = new Saboteur({ simulator: stack.simulatorUrl, proxy: stack.proxyUrl, random: seeded(seed) })
  const progress = setInterval(() => tellProgress(tally, saboteur, stack.proxy), PROGRESS_INTERVAL)
  const load = await underLoad(pool, tally, () => {
    return Promise.race([soak(saboteur, stack.proxy), stack.proxy.gone(), stack.simulator.gone()])
  })
  clearInterval(progress)
  const facts = { ...load, tally, incidents: saboteur.done, ...(await lastLook(stack.proxyUrl, pool)) }
  const exits = { proxy: await stack.proxy.end(), simulator: await stack.simulator.end() }
  await pool.destroy()
  conclude({ ...facts, exits, leaks: leaks(stack) }, stack.proxy.output)
}

/** Runs `work` while the clients do, and gives what it found, how long it took, and the reason if it failed. */
async function underLoad(pool, tally, work) {
  const from = performance.now()
  const over = new AbortController()
  const clients = runClients(pool, seed, tally, over.signal)
  const found = await work().catch(({ message }) => ({ failure: message }))
  const elapsed = Math.round((performance.now() - from) / 1000)
  over.abort()
  await clients
  return { ...found, seconds: elapsed }
}

/** Has the saboteur work between the warm-up and the calm, and measures the proxy's memory once settled and at the end. */
async function soak(saboteur, proxy) {
  const end = performance.now() + seconds * 1000
  const settled = sleep(Math.min(SETTLING, (seconds * 1000) / 2)).then(() => proxy.memory)
  await sleep(WARM_UP)
  await saboteur.work(end - CALM)
  await sleep(Math.max(CALM, end - performance.now()))
  return { memory: { start: await settled, end: proxy.memory } }
}

/** What the proxy says of itself, and whether it serves one more request. */
async function lastLook(proxy, pool) {
  const { status: readiness } = await call('GET', `${proxy}/_proxy/readyz`).catch(() => ({ status: 0 }))
  const { error } = await send(pool, policies())
  return { readiness, session: await sessionCounts(proxy), lastError: error?.kind }
}

async function sessionCounts(proxy) {
  try {
    const { body } = await call('GET', `${proxy}/_proxy/status`)
    const { session, counters } = body.tenants.default
    return { generation: session.generation, ...counters }
  } catch {
    return { generation: 0, logins: 0, extensions: 0, replays: 0 }
  }
}

function leaks({ simulator, proxy, secret }) {
  const token = 'eyJ'
  return [
    ...(proxy.output.includes(secret) ? ['the secret key, by the proxy'] : []),
    ...(proxy.output.includes(token) ? ['a token, by the proxy'] : []),
    ...(simulator.output.includes(token) ? ['a token, by the simulator'] : []),
  ]
}

function tellProgress({ requests, errors }, { done }, { memory }) {
  const incidents = [...done.values()].reduce((sum, each) => sum + each.incidents, 0)
  const failed = [...errors.values()].reduce((sum, { count }) => sum + count, 0)
  const elapsed = Math.round(performance.now() / 1000)
  console.log(`${elapsed} s: ${requests} requests, ${failed} errors, ${incidents} incidents, ${memory.toFixed(1)} MB`)
}

/** Reports, shows what the proxy said last when the soak has failed, and ends. */
function conclude(facts, output) {
  const reasons = reasonsToFail(facts)
  console.log(report(facts, reasons))
  if (reasons.length > 0) console.log(`the proxy's last lines:\n${output.split('\n').slice(-LAST_LINES).join('\n')}`)
  process.exit(reasons.length === 0 ? 0 : 1)
}

function giveUp(reason) {
  console.error(`FAILED: ${reason}`)
  process.exit(1)
}
