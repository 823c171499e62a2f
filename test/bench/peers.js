import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from './child.js'
import { hasNginx, startProxy } from './nginx.js'

const BINARY = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** What the others are compared with. */
export const REFERENCE = 'fastify'

/** What can be measured, by name: each is started with the `folder` of the certificate, a `port`, `upstream` and `token`. */
const PEERS = new Map([
  ['ours', startOurs],
  ...['fastify', 'http-proxy', 'httpxy', 'fast-proxy'].map(name => [name, setting => startScript(name, setting)]),
  ['nginx', ({ folder, port, upstream, token }) => startProxy(folder, port, upstream, token)],
])

/** The peers to measure: those asked for, or all that are installed. */
export function choosePeers(names) {
  const unknown = names?.filter(name => !PEERS.has(name)) ?? []
  if (unknown.length > 0) throw new Error(`No such peer: ${unknown}. There are ${[...PEERS.keys()]}.`)
  return [...PEERS].filter(([name]) => names?.includes(name) ?? isInstalled(name))
}

function isInstalled(name) {
  if (name === 'nginx') return hasNginx()
  try {
    return name === 'ours' || import.meta.resolve(name === 'fastify' ? '@fastify/http-proxy' : name) !== ''
  } catch {
    return false
  }
}

/** The product, with all its defaults on. */
function startOurs({ folder, port, upstream }) {
  return new Child('ours', process.execPath, [BINARY, 'start', '--listen-address', `127.0.0.1:${port}`], {
    PC_URL: upstream,
    PC_IDENTITY: 'bench',
    PC_SECRET: 'bench',
    PRISMACLOUD_PROXY_UPSTREAM_CA_FILE: join(folder, 'cert.pem'),
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
