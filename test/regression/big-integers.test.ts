// @fastify/http-proxy with preValidation serialises JSON anew: integers above 2^53 lose digits.
import { createHash } from 'node:crypto'
import t from 'tap'
import { startPair } from '../support/proxy.ts'

t.test('JSON arrives as it was written', async t => {
  const { call } = await startPair(t)
  const body = '{ "prismaId": 1234567890123456789012, "rate": 1.0, "a":1, "a":2 }\n'
  const reply = await call('/upload', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  t.equal(reply.json().sha256, createHash('sha256').update(body).digest('hex'))
})
