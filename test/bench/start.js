// From spawn to the first forwarded request, against a bare `node -e 0`, interleaved in one run; and the memory after.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { parseArgs } from 'node:util'
import { PROGRAM } from '../support/child.js'
import { quantile } from '../support/quantile.js'
import { freePort } from './port.js'

const { rounds } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } }).values

const upstream = createServer(answer).listen(0, '127.0.0.1')
await once(upstream, 'listening')

const bare = []
const proxied = []
const resident = []
for (let round = 0; round < Number(rounds); round++) {
  bare.push(await timeBareNode())
  const { milliseconds, kilobytes } = await timeFirstRequest()
  proxied.push(milliseconds)
  resident.push(kilobytes)
}
upstream.close()

const ratio = median(proxied) / median(bare)
console.log(`node -e 0                       ${median(bare).toFixed(0)} ms`)
console.log(`spawn to first forwarded answer ${median(proxied).toFixed(0)} ms, ${ratio.toFixed(2)} times that`)
console.log(`resident after it               ${(median(resident) / 1024).toFixed(1)} MB`)

/** The least that an upstream must say. */
function answer(incoming, response) {
  const isLogin = incoming.url === '/login'
  response.setHeader('content-type', 'application/json')
  response.end(isLogin ? '{"token":"e30.e30.e30","message":"login_successful"}' : '[]')
}

async function timeBareNode() {
  const from = performance.now()
  await once(spawn(process.execPath, ['-e', '0']), 'exit')
  return performance.now() - from
}

async function timeFirstRequest() {
  const port = await freePort()
  const from = performance.now()
  const env = {
    HOME: '/nonexistent',
    PC_URL: `http://127.0.0.1:${upstream.address().port}`,
    PC_IDENTITY: 'bench',
    PC_SECRET: 'bench',
  }
  const child = spawn(process.execPath, [...PROGRAM, '--listen-address', `127.0.0.1:${port}`], { env, stdio: 'ignore' })
  while ((await status(port)) !== 200);
  const milliseconds = performance.now() - from
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1])
  child.kill()
  await once(child, 'exit')
  return { milliseconds, kilobytes }
}

/** The status of a request, or 0 where nobody listens yet; then after a pause that leaves the processor to the proxy. */
function status(port) {
  return new Promise(resolve => {
    const asking = request({ port, host: '127.0.0.1', path: '/v2/policy', agent: false }, answered => {
      answered.resume()
      answered.on('end', () => resolve(answered.statusCode))
    })
    asking.on('error', () => setTimeout(() => resolve(0), 2))
    asking.end()
  })
}

function median(values) {
  return quantile(values, 0.5)
}
