// What forwarding a small request costs, side by side with other proxies, each a process of its own, in many short windows
// that take turns: what disturbs the machine for longer than some of them disturbs all alike. Each is started several
// times, since two processes of one program differ by a tenth, in what V8 compiles and when it collects.
import { makeFolder } from './folder.js'
import { busy, Load } from './load.js'
import { startUpstream } from './nginx.js'
import { readOptions } from './options.js'
import { REFERENCE, startPeer } from './peers.js'
import { freePort } from './port.js'
import { table } from './report.js'
import { makeToken } from './token.js'
import { takeTurns } from './turns.js'

/** Connections during the warm-up. */
const WARM_UP_CONNECTIONS = 16

const options = readOptions()
const { folder, cert } = await makeFolder()
const token = makeToken()
const ports = { http: await freePort(), https: await freePort() }
const upstream = startUpstream(folder, ports, token)
await upstream.serves(`http://127.0.0.1:${ports.http}/login`)

const { starts, rounds, window } = options
console.log(`Node.js ${process.version}, each ${starts} times for ${rounds} windows of ${window} ms`)
for (const scheme of options.schemes) await compare(scheme)
await upstream.end()

async function compare(scheme) {
  const results = options.connections.map(connections => ({ connections, windows: new Map() }))
  const names = [...options.peers]
  for (let number = 0; number < starts; number++) {
    await measureAll(scheme, names, results)
    // of processes of one program the last to be warmed up cost a twentieth more
    names.push(names.shift())
  }
  for (const { connections, windows } of results) {
    console.log(table(`${scheme} upstream, ${connections} connections`, windows, REFERENCE))
  }
}

/** Starts each once, in this order, and adds its windows to those of the results. */
async function measureAll(scheme, names, results) {
  const proxies = await Promise.all(names.map(name => start(name, `${scheme}://127.0.0.1:${ports[scheme]}`)))
  if (options.warmUp > 0) for (const { port } of proxies) await busy(options.warmUp, port, WARM_UP_CONNECTIONS)
  for (const { connections, windows } of results) {
    const loads = proxies.map(({ name, proxy, port }) => ({ name, proxy, load: new Load(port, connections) }))
    await takeTurns(loads, windows, options)
  }
  for (const { proxy } of proxies) await proxy.end()
}

async function start(name, upstreamUrl) {
  const port = await freePort()
  const proxy = await startPeer(name, { folder, port, upstream: upstreamUrl, token, cert })
  await proxy.serves(`http://127.0.0.1:${port}/v2/policy`)
  return { name, proxy, port }
}
