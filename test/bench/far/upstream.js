// The API's stand-in far away: over TLS, HTTP/2 for those who ask for it. It closes no connection.
import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'

const { CERT, KEY, TOKEN } = process.env

const LOGIN = JSON.stringify({ token: TOKEN, message: 'login_successful' })
const LIST = JSON.stringify([{ policyId: '0f5a3b8e-9c1d-4e2f-8a7b-6c5d4e3f2a1b', name: 'Bucket is public' }])
const BIG = Buffer.alloc(10_000_000)

/** What a client may send before it hears that it may send more, in bytes: more than it ever has to send. */
const WINDOW = 32 * 1024 * 1024

const server = createSecureServer(
  { cert: readFileSync(CERT), key: readFileSync(KEY), allowHTTP1: true, settings: { initialWindowSize: WINDOW } },
  answer,
)
server.on('session', session => session.setLocalWindowSize(WINDOW))
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))

async function answer(request, response) {
  // who leaves before the end is no fault of ours
  for (const each of [request, response]) each.on('error', () => {})
  for await (const _ of request);
  const [status, body] = answerTo(request)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
}

function answerTo({ url, headers }) {
  if (url === '/login' || url === '/auth_token/extend') return [200, LOGIN]
  if (headers['x-redlock-auth'] !== TOKEN) return [401, '']
  if (url.startsWith('/access_keys/')) return [404, '']
  return [200, url === '/big' ? BIG : LIST]
}
