import t from 'tap'
import { hasBody } from '../../src/http/framing.ts'

t.test('a request has a body if its headers say so', async t => {
  t.ok(hasBody({ headers: { 'content-length': '1' } }))
  t.ok(hasBody({ headers: { 'transfer-encoding': 'chunked' } }))
  t.notOk(hasBody({ headers: { 'content-length': '0' } }))
  t.notOk(hasBody({ headers: {} }))
})
