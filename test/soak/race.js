// The race that every proxy meets: the upstream closes a kept connection just as the next request is written to it. No
// request that may be repeated fails of that, and none that may not be is done twice.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Agent, request } from 'undici'
import { freePort } from '../bench/port.js'
import { makeToken } from '../bench/token.js'
import { Child } from '../support/child.js'
import { integer } from '../support/integer.js'
import { startProxy } from '../support/quick-stack.js'

const CLIENTS = 32

/** Of so many requests one is a POST. */
const POSTS = 10

const { values } = parseArgs({ options: { requests: { type: 'string', default: '100000' } } })
const total = integer(values.requests, 1, 10_000_000)

const upstreamPort = await freePort()
const script = fileURLToPath(new URL('closing-upstream.js', import.meta.url))
const upstream = new Child('the upstream', process.execPath, [script], { PORT: `${upstreamPort}`, TOKEN: makeToken() })
await upstream.serves(`http://127.0.0.1:${upstreamPort}/login`)
const { proxy, url } = await startProxy(`http://127.0.0.1:${upstreamPort}`)

const dispatcher = new Agent({ connections: CLIENTS })
const counts = { answered: 0, replayed: 0, failed: 0, posts: 0, postsFailed: 0 }
let next = 0
await Promise.all(Array.from({ length: CLIENTS }, client))
const { body } = await request(`http://127.0.0.1:${upstreamPort}/most-often`, { dispatcher })
const mostOften = Number(await body.text())
await dispatcher.close()
const codes = [await proxy.end(), await upstream.end()]

console.log(`${counts.answered} requests that may be repeated: ${counts.failed} failed, ${counts.replayed} sent twice`)
console.log(`${counts.posts} that may not: ${counts.postsFailed} failed, each done ${mostOften} times at most`)
const isGood = counts.failed === 0 && counts.replayed > 0 && mostOften === 1 && codes[0] === 0
console.log(isGood ? 'OK' : 'FAILED')
process.exitCode = isGood ? 0 : 1

async function client() {
  while (next < total) {
    const id = next++
    const isPost = id % POSTS === 0
    const method = isPost ? 'POST' : 'GET'
    const answer = await request(`${url}/${id}`, {
      dispatcher,
      method,
      ...(isPost && { body: '{}' }),
    })
    await answer.body.dump()
    const isGood = answer.statusCode === 200
    if (isPost) {
      counts.posts++
      if (!isGood) counts.postsFailed++
      continue
    }
    counts.answered++
    if (!isGood) counts.failed++
    if (answer.headers['x-prismacloud-proxy-replayed']) counts.replayed++
  }
}
