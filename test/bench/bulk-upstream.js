// An upstream for bodies of any size: it sends as many zeros as a path asks for, and swallows what is sent to it.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { pipeline } from 'node:stream/promises'

const { PORT, CERT, KEY, TOKEN } = process.env
const PIECE = Buffer.alloc(64 * 1024)

createServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, answer).listen(Number(PORT), '127.0.0.1')

async function answer(request, response) {
  if (request.url === '/login') return response.end(JSON.stringify({ token: TOKEN, message: 'login_successful' }))
  const size = Number(/^\/zeros\/(\d+)$/.exec(request.url)?.[1] ?? 0)
  if (size > 0) return send(response, size)
  let received = 0
  for await (const chunk of request) received += chunk.length
  return response.end(`${received}`)
}

async function send(response, size) {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size })
  // who leaves before the end is no fault of ours
  await pipeline(zeros(size), response).catch(() => {})
}

function* zeros(size) {
  for (let left = size; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left)
}
