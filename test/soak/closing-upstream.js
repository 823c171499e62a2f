// An upstream that closes connections at random as soon as they are idle, and counts how often each request came.
import { createServer } from 'node:http'

const { PORT, TOKEN } = process.env

/** Of so many answers one is followed by the end of its connection. */
const CLOSING = 20

/** Within so many milliseconds of the answer. */
const LATEST = 5

const seen = new Map()

const server = createServer((request, response) => {
  const { url, socket } = request
  if (url === '/login') return response.end(JSON.stringify({ token: TOKEN, message: 'login_successful' }))
  if (url === '/most-often') return response.end(`${Math.max(0, ...seen.values())}`)
  if (request.method === 'POST') seen.set(url, (seen.get(url) ?? 0) + 1)
  request.resume().on('end', () => {
    response.end('{}')
    if (Math.random() < 1 / CLOSING) setTimeout(() => isIdle(socket) && socket.destroy(), Math.random() * LATEST)
  })
})

/** Node.js tells what it is doing on a connection by the answer that it is for. */
function isIdle(socket) {
  return !socket._httpMessage
}

server.keepAliveTimeout = 0
server.listen(Number(PORT), '127.0.0.1')
