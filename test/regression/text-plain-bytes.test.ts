// @fastify/http-proxy leaves text/plain to Fastify's parser: 413 above 1 MiB, latin-1 corrupted, the charset lost.
import { createHash } from 'node:crypto'
import t from 'tap'
import { startPair } from '../support/proxy.ts'

t.test('text in latin-1, larger than Fastify would take, arrives byte for byte with its charset', async t => {
  const { call, simulator } = await startPair(t)
  const body = Buffer.alloc(1_500_000, Buffer.from('caf\xe9 ', 'latin1'))
  const reply = await call('/upload', {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=latin1' },
    body,
  })
  t.strictSame(reply.json(), { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') })
  const type = simulator.requests.at(-1)?.headers.find(([name]) => name === 'content-type')
  t.equal(type?.[1], 'text/plain; charset=latin1')
})
