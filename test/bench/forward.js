// What forwarding a small request costs, side by side with other proxies, each a process of its own, in windows that take
// turns: what disturbs the machine disturbs them all.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from './certificate.js'
import { measure } from './load.js'
import { startUpstream } from './nginx.js'
import { readOptions } from './options.js'
import { choosePeers } from './peers.js'
import { freePort } from './port.js'
import { table } from './report.js'
import { makeToken } from './token.js'

const PATH = '/v2/policy?policy.severity=high'

const options = readOptions()
const peers = choosePeers(options.only)
const folder = mkdtempSync(join(tmpdir(), 'bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const { cert, key } = await makeCertificate()
writeFileSync(join(folder, 'cert.pem'), cert)
writeFileSync(join(folder, 'key.pem'), key)
const token = makeToken()
const ports = { http: await freePort(), https: await freePort() }
const upstream = startUpstream(folder, ports, token)
await upstream.serves(`http://127.0.0.1:${ports.http}/login`)

console.log(
  `Node.js ${process.version}, ${options.rounds} windows of ${options.seconds} s; ratios to plain @fastify/http-proxy`,
)
for (const scheme of options.schemes) await compare(scheme)
await upstream.end()

async function compare(scheme) {
  const proxies = await startAll(`${scheme}://127.0.0.1:${ports[scheme]}`)
  const results = options.connections.map(connections => ({ connections, windows: emptyLists(proxies) }))
  if (options.warmUp > 0) for (const { proxy, url } of proxies) await measure(proxy, url, 16, options.warmUp)
  for (let round = 0; round < options.rounds; round++) {
    for (const { connections, windows } of results) {
      for (const { name, proxy, url } of proxies) {
        windows.get(name).push(await measure(proxy, url, connections, options.seconds))
      }
    }
    // each comes after each of the others in turn
    proxies.push(proxies.shift())
  }
  for (const { connections, windows } of results) {
    console.log(table(`${scheme} upstream, ${connections} connections`, windows))
  }
  for (const { proxy } of proxies) await proxy.end()
}

function startAll(upstreamUrl) {
  return Promise.all(
    peers.map(async ([name, start]) => {
      const port = await freePort()
      const proxy = start({ folder, port, upstream: upstreamUrl, token, cert })
      const url = `http://127.0.0.1:${port}${PATH}`
      await proxy.serves(url)
      return { name, proxy, url }
    }),
  )
}

function emptyLists(proxies) {
  return new Map(proxies.map(({ name }) => [name, []]))
}
