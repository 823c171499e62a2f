// An upstream that closes connections at random as soon as they are idle, used or not, and counts how often each request
// came. With a certificate it offers HTTP/2, and closes such connections in turns with and without a word.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'

const { PORT, TOKEN, CERT, KEY } = process.env

/** Of so many answers one is followed by the end of its connection. */
const CLOSING = 20

/** Within so many milliseconds of the answer. */
const LATEST = 5

/** Of so many new connections one ends by itself, within so many milliseconds. */
const [DOOMED, LIFETIME] = [4, 2_000]

const seen = new Map()
/** How many requests run on each connection over HTTP/2. */
const running = new WeakMap()
let [ended, multiplexed] = [0, 0]

const server = CERT
  ? createSecureServer({ allowHTTP1: true, cert: readFileSync(CERT), key: readFileSync(KEY) }, answer)
  : createServer(answer)
server.on(CERT ? 'secureConnection' : 'connection', socket => {
  socket.on('error', () => {})
  if (socket.alpnProtocol !== 'h2' && Math.random() < 1 / DOOMED) endSoon(socket, LIFETIME)
})
server.on('session', session => {
  running.set(session, 0)
  session
    .on('error', () => {})
    .on('stream', stream => {
      running.set(session, running.get(session) + 1)
      stream
        .on('error', () => {})
        .on('close', () => {
          running.set(session, running.get(session) - 1)
          if (Math.random() < 1 / CLOSING) setTimeout(() => endSession(session), Math.random() * LATEST)
        })
    })
})
server.keepAliveTimeout = 0
server.listen(Number(PORT), 'localhost', () => console.log('listening'))

function answer(request, response) {
  const { url, socket } = request
  if (url === '/login') return response.end(JSON.stringify({ token: TOKEN, message: 'login_successful' }))
  if (url === '/most-often') return response.end(`${Math.max(0, ...seen.values())}`)
  if (url === '/multiplexed') return response.end(`${multiplexed}`)
  if (request.httpVersion === '2.0') multiplexed++
  if (request.method === 'POST') seen.set(url, (seen.get(url) ?? 0) + 1)
  request.resume().on('end', () => {
    response.end('{}')
    if (request.httpVersion === '1.1' && Math.random() < 1 / CLOSING) endSoon(socket, LATEST)
  })
}

/** Ends a connection if it is idle then. Node.js tells what it is doing on one by the answer that it is for. */
function endSoon(socket, latest) {
  setTimeout(() => socket._httpMessage || socket.destroy(), Math.random() * latest)
}

/** Goes away at any time, or without a word once nothing runs. */
function endSession(session) {
  if (session.destroyed) return
  if (ended++ % 2 === 0) session.close()
  else if (running.get(session) === 0) session.destroy()
}
