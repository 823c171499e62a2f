import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, PROGRAM } from '../support/child.js'
import { startProxy } from './nginx.js'

/** What the others are compared with. */
export const REFERENCE = 'fastify'

/** What can be measured, by name: each is started with the `folder` of the certificate, a `port`, `upstream` and `token`. */
const PEERS = new Map([
  ['ours', setting => startOurs(setting)],
  ['unrecorded', setting => startOurs(setting, { PRISMACLOUD_PROXY_INSPECT_ENABLED: 'false' })],
  ['traced', startTraced],
  ...[REFERENCE, 'http-proxy', 'httpxy', 'fast-proxy'].map(name => [name, setting => startScript(name, setting)]),
  ['nginx', ({ folder, port, upstream, token }) => startProxy(folder, port, upstream, token)],
])

export const peerNames = [...PEERS.keys()]

/** Starts what has that name. */
export async function startPeer(name, setting) {
  return PEERS.get(name)(setting)
}

/** The product, with all its defaults on except for these variables. */
function startOurs({ folder, port, upstream }, variables = {}) {
  return new Child('ours', process.execPath, [...PROGRAM, 'start', '--listen-address', `127.0.0.1:${port}`], {
    PC_URL: upstream,
    PC_IDENTITY: 'bench',
    PC_SECRET: 'bench',
    PRISMACLOUD_PROXY_UPSTREAM_CA_FILE: join(folder, 'cert.pem'),
    ...variables,
  })
}

/** The product that traces a tenth of the requests, with a collector in this process that takes their spans. */
async function startTraced(setting) {
  const collector = createServer((request, response) => request.resume().on('end', () => response.end()))
  collector.listen(0, '127.0.0.1').unref()
  await once(collector, 'listening')
  return startOurs(setting, {
    PRISMACLOUD_PROXY_OTEL_ENABLED: 'true',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.address().port}`,
  })
}

function startScript(name, { port, upstream, token, cert }) {
  const script = fileURLToPath(new URL(`peers/${name}.js`, import.meta.url))
  return new Child(name, process.execPath, [script], {
    NODE_ENV: 'production',
    UPSTREAM: upstream,
    PORT: `${port}`,
    TOKEN: token,
    CA: cert,
  })
}
