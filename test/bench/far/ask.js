import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { quantile } from '../../support/quantile.js'

/** How long an answer may take, in milliseconds. */
const DEADLINE = 60_000

/** Sends one request on a connection of its own, and gives the milliseconds until all of its good answer is there. */
export async function ask(port) {
  const { all } = await askAtOnce(port, 1)
  return all
}

/** Sends so many requests at once, and gives the milliseconds until all are answered well, and until half of them are. */
export async function askAtOnce(port, count) {
  const from = performance.now()
  const times = await Promise.all(
    Array.from({ length: count }, async () => {
      const code = await status(port, '/v2/policy')
      if (code !== 200) throw new Error(`no good answer: ${code}`)
      return performance.now() - from
    }),
  )
  return { all: Math.max(...times), half: quantile(times, 0.5) }
}

/** Whether somebody accepts connections there. */
export async function accepts(port) {
  const socket = connect({ port, host: '127.0.0.1' })
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isOpen
}

/** Whether a request for the path is answered well. */
export async function answers(port, path) {
  const code = await status(port, path).catch(() => 0)
  return code === 200
}

async function status(port, path) {
  const signal = AbortSignal.timeout(DEADLINE)
  const asking = request({ port, host: '127.0.0.1', path, agent: false, signal }).end()
  const [answer] = await once(asking, 'response')
  await once(answer.resume(), 'end')
  return answer.statusCode
}
