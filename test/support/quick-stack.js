// A proxy before an upstream that answers everything well: for what is not about the API.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { freePort } from '../bench/port.js'
import { makeToken } from '../bench/token.js'
import { Child, COLLECTABLE, PROGRAM } from './child.js'

/** The secret key of {@link startProxy}. */
export const SECRET_KEY = 'made-up-secret-key'

/** Starts the built proxy before an upstream, as a process of its own with these variables, and waits for its session. */
export async function startProxy(upstream, env = {}) {
  const port = await freePort()
  const proxy = new Child(
    'the proxy',
    process.execPath,
    [...COLLECTABLE, ...PROGRAM, 'start', '--listen-address', `127.0.0.1:${port}`],
    {
      PC_URL: upstream,
      PC_IDENTITY: 'made-up',
      PC_SECRET: SECRET_KEY,
      ...env,
    },
  )
  await proxy.serves(`http://127.0.0.1:${port}/_proxy/readyz`)
  return { proxy, port, url: `http://127.0.0.1:${port}` }
}

/** How long a request line and headers the upstream accepts, in bytes: more than the proxy forwards. */
const MAX_HEADER_SIZE = 256 * 1024

/** Starts an upstream that grants one token and says `{}` to all else, once `seen` has done with the request. */
export async function startUpstream(seen = () => {}) {
  const token = makeToken()
  const server = createServer({ maxHeaderSize: MAX_HEADER_SIZE }, async (request, response) => {
    request.on('error', () => {})
    await seen(request)
    response.end(request.url === '/login' ? JSON.stringify({ token, message: 'login_successful' }) : '{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  const connections = promisify(server.getConnections.bind(server))
  return { token, url: `http://127.0.0.1:${server.address().port}`, connections, close }
}
