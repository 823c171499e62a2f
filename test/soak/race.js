// The race that every proxy meets: the upstream closes a connection just as the next request is written to it, or before
// its first one. No request that may be repeated fails of that, and none that may not be is done twice; neither over
// HTTP/1.1 alone, nor beside HTTP/2.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Agent, request } from 'undici'
import { makeFolder } from '../bench/folder.js'
import { freePort } from '../bench/port.js'
import { makeToken } from '../bench/token.js'
import { Child } from '../support/child.js'
import { integer } from '../support/integer.js'
import { startProxy } from '../support/quick-stack.js'

const CLIENTS = 32

/** Of so many requests one is a POST. */
const POSTS = 10

const { values } = parseArgs({ options: { requests: { type: 'string', default: '100000' } } })
const total = integer(values.requests, 2, 10_000_000)
const script = fileURLToPath(new URL('closing-upstream.js', import.meta.url))
const { cert, certFile, keyFile } = await makeFolder()

const results = [await race('http'), await race('https', { CERT: certFile, KEY: keyFile })]
const isGood = results.every(Boolean)
console.log(isGood ? 'OK' : 'FAILED')
process.exitCode = isGood ? 0 : 1

/** Sends half of the requests to an upstream with this protocol, and tells whether all went well. */
async function race(protocol, certificate = {}) {
  const port = await freePort()
  const upstreamUrl = `${protocol}://localhost:${port}`
  const dispatcher = new Agent({ connections: CLIENTS, connect: { ca: cert } })
  const upstream = new Child('the upstream', process.execPath, [script], {
    PORT: `${port}`,
    TOKEN: makeToken(),
    ...certificate,
  })
  await upstream.printed(/(listening)/)
  const { proxy, url } = await startProxy(upstreamUrl, { PRISMACLOUD_PROXY_UPSTREAM_CA_FILE: certFile })
  const counts = { next: 0, answered: 0, replayed: 0, failed: 0, posts: 0, postsFailed: 0 }
  await Promise.all(Array.from({ length: CLIENTS }, () => client(url, dispatcher, counts)))
  const mostOften = Number(await ask(`${upstreamUrl}/most-often`, dispatcher))
  const multiplexed = Number(await ask(`${upstreamUrl}/multiplexed`, dispatcher))
  await dispatcher.close()
  const codes = [await proxy.end(), await upstream.end()]

  console.log(`${protocol}: ${counts.answered + counts.posts} requests, ${multiplexed} of them over HTTP/2`)
  console.log(`${counts.answered} may be repeated: ${counts.failed} failed, ${counts.replayed} sent twice`)
  console.log(`${counts.posts} may not: ${counts.postsFailed} failed, each done ${mostOften} times at most`)
  const isMixed = protocol === 'http' || multiplexed > 0
  return counts.failed === 0 && counts.replayed > 0 && mostOften === 1 && isMixed && codes[0] === 0
}

async function ask(url, dispatcher) {
  const { body } = await request(url, { dispatcher })
  return body.text()
}

async function client(url, dispatcher, counts) {
  while (counts.next < total / 2) {
    const id = counts.next++
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
