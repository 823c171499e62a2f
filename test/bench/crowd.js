// What a request costs where there are many tenants, and where each is logged, each in several processes, since two of one
// program differ by a tenth; and whether thousands of connections that are opened at once are all served.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Child, PROGRAM } from '../support/child.js'
import { integer } from '../support/integer.js'
import { makeFolder } from './folder.js'
import { busy, Load, request } from './load.js'
import { startUpstream } from './nginx.js'
import { freePort } from './port.js'
import { table } from './report.js'
import { makeToken } from './token.js'
import { takeTurns } from './turns.js'

const CONNECTIONS = 16
const WINDOW = 150
/**
 * Milliseconds before each window. The processor's caches are the other proxies' by then, and a window is too short for
 * each of a thousand tenants to come back into them: it would show what the first request for each costs.
 */
const LEAD = 300
const WARM_UP = 10_000

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '15' },
    tenants: { type: 'string', default: '1000' },
    burst: { type: 'string', default: '5000' },
  },
})
const starts = integer(values.starts, 1, 100)
const rounds = integer(values.rounds, 1, 1_000)
const most = integer(values.tenants, 2, 1_000)
const burst = integer(values.burst, 1, 8_000)

const { folder } = await makeFolder()
const ports = { http: await freePort(), https: await freePort() }
const upstream = startUpstream(folder, ports, makeToken())
await upstream.serves(`http://127.0.0.1:${ports.http}/login`)

const some = Math.ceil(most / 10)
const variants = [
  ['1 tenant', () => start(1)],
  ['each logged', () => start(1, { log: { requests: 'all' } })],
  [`${some} tenants`, () => start(some)],
  [`${most} tenants`, () => start(most)],
]
const windows = new Map()
for (let number = 0; number < starts; number++) {
  await measureAll()
  // of processes of one program the last to be warmed up cost a twentieth more
  variants.push(variants.shift())
}
console.log(table(`Node.js ${process.version}, http upstream, ${CONNECTIONS} connections`, windows, '1 tenant'))

const { proxy, port } = await start(1)
const crowd = new Load(port, burst)
const times = await crowd.window(0)
crowd.end()
console.log(
  `\n${burst} connections at once: ${times.length} good answers, the slowest after ${Math.max(...times).toFixed(0)} ms`,
)

await proxy.end()
await upstream.end()

/** Starts each once, and adds its windows to those of the others. */
async function measureAll() {
  const proxies = await Promise.all(variants.map(([name, start]) => begin(name, start)))
  if (rounds > 1) for (const { load } of proxies) await busy(WARM_UP, ...load)
  const loads = proxies.map(({ name, proxy, load }) => ({ name, proxy, load: new Load(...load) }))
  await takeTurns(loads, windows, { rounds, window: WINDOW, lead: rounds > 1 ? LEAD : 0 })
  for (const { proxy } of proxies) await proxy.end()
}

async function begin(name, start) {
  const { proxy, port, tenants } = await start()
  const requests = Array.from({ length: tenants }, (_, index) => request(`x-prismacloud-tenant: t${index}`))
  return { name, proxy, load: [port, CONNECTIONS, requests] }
}

async function start(tenants, settings = {}) {
  const port = await freePort()
  const file = join(folder, `${port}.json`)
  const tenant = { url: `http://127.0.0.1:${ports.http}`, accessKeyId: 'bench', secretKey: 'bench' }
  const named = Object.fromEntries(Array.from({ length: tenants }, (_, index) => [`t${index}`, tenant]))
  const config = { listen: { address: `127.0.0.1:${port}` }, tenants: named, defaultTenant: 't0', ...settings }
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  const proxy = new Child('ours', process.execPath, [...PROGRAM, 'start', '--config', file])
  await proxy.serves(`http://127.0.0.1:${port}/_proxy/readyz`)
  return { proxy, port, tenants }
}
