// undici refuses to send `Expect`, which curl does with every body over 1 MiB; @fastify/reply-from answers that with 500.
import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { answerTo, open, readReply } from '../support/http.ts'
import { startPair } from '../support/proxy.ts'

t.test('two megabytes that wait for 100 Continue arrive', async t => {
  const { port } = await startPair(t)
  const body = randomBytes(2 * 1024 * 1024)
  const headers = { expect: '100-continue', 'content-length': `${body.length}` }
  const sent = open(port, '/upload', { method: 'POST', headers })
  sent.flushHeaders()
  await new Promise(resolve => sent.once('continue', resolve))
  sent.end(body)
  const reply = await readReply(await answerTo(sent))
  t.equal(reply.status, 200)
  t.equal(reply.json().sha256, createHash('sha256').update(body).digest('hex'))
})
