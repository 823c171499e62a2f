import t from 'tap'
import { isIdempotent } from '../../src/http/methods.ts'

t.test('the idempotent methods of RFC 9110, in upper case only', async t => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'POST', 'PATCH', 'get', '']
  t.strictSame(methods.filter(isIdempotent), methods.slice(0, 6))
})
