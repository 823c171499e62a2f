import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { startPair } from '../support/proxy.ts'

const TENANTS = 1000

/** The most memory that a live tenant may use besides its sockets, in bytes. */
const MOST = 20 * 1024

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** The memory in use after garbage collection. */
function inUse(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

t.test('a live tenant uses less than 20 KB besides its sockets', async t => {
  const tenants = Object.fromEntries(Array.from({ length: TENANTS }, (_, n) => [`t${n}`, { lazy: true }]))
  const { call, app } = await startPair(t, { tenants: { default: {}, ...tenants } }, { rateLimits: {} })
  // the simulator runs in this process, too, and remembers this many requests
  for (let n = 0; n < 1000; n++) await call('/v2/policy')
  const before = inUse()
  for (const tenant of Object.keys(tenants)) await call(`/_tenant/${tenant}/v2/policy`)
  const each = (inUse() - before) / TENANTS
  const live = [...app.sessions.all()].filter(({ session }) => session?.peek())
  t.equal(live.length, TENANTS + 1)
  t.ok(each < MOST, `${Math.round(each / 102.4) / 10} KB`)
  t.comment(`${Math.round(each / 102.4) / 10} KB each`)
})
