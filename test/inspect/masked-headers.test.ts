import t from 'tap'
import { maskedHeaders } from '../../src/inspect/masked-headers.ts'

t.test('credentials are masked, whatever their header is called', async t => {
  const names = [
    'Authorization',
    'proxy-authorization',
    'COOKIE',
    'Set-Cookie',
    'x-redlock-auth',
    'X-Prismacloud-Proxy-Token',
    'X-Api-Key',
    'x-apikey',
    'client-secret',
    'X-Password',
    'x-amz-security-token',
  ]
  for (const name of names) t.same(maskedHeaders([name, 'MARK']), [name, '[secret]'])
})

t.test('other headers stay as they are, in their order', async t => {
  const raw = ['Host', 'a', 'accept', '*/*', 'WWW-Authenticate', 'Bearer', 'Idempotency-Key', '1', 'accept', 'b']
  t.same(maskedHeaders(raw), raw)
})

t.test('names that somebody invents are judged alike, however many there are', async t => {
  for (let n = 0; n < 2_500; n++) t.same(maskedHeaders([`x-${n}-token`, 'MARK', `x-${n}`, 'a']).length, 4)
  t.same(maskedHeaders(['x-1-token', 'MARK', 'x-1', 'a']), ['x-1-token', '[secret]', 'x-1', 'a'])
})
