import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems give to connections by themselves (Linux: from 32768): none takes one meanwhile. */
const [FIRST, COUNT] = [20_000, 12_000]

let next = randomInt(COUNT)

/** A port at 127.0.0.1 that nobody listens at, another each time. */
export async function freePort() {
  const port = FIRST + (next++ % COUNT)
  return (await isFree(port)) ? port : freePort()
}

async function isFree(port) {
  const server = createServer().listen(port, '127.0.0.1')
  const isOurs = await once(server, 'listening').then(
    () => true,
    () => false,
  )
  if (!isOurs) return false
  server.close()
  await once(server, 'close')
  return true
}
