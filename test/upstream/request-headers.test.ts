import { Readable } from 'node:stream'
import t from 'tap'
import type { DispatchOptions } from '../../src/upstream/dispatcher.ts'
import { requestHead } from '../../src/upstream/http2/request-headers.ts'

const head = (options: Partial<DispatchOptions> = {}) => {
  const { headers, length } = requestHead('api.test', { method: 'GET', path: '/', ...options })
  return { headers: Object.entries(headers).slice(4), length }
}

t.test('what HTTP/2 forbids is left out', async t => {
  const headers = [
    'Connection',
    'close',
    'Host',
    'x',
    'Keep-Alive',
    '1',
    'Upgrade',
    'h2c',
    'Transfer-Encoding',
    'chunked',
  ]
  t.strictSame(head({ headers: [...headers, 'Proxy-Connection', 'close', 'TE', 'gzip', 'X-Kept', ' '] }).headers, [
    ['x-kept', ' '],
  ])
  t.strictSame(head({ headers: ['TE', 'trailers'] }).headers, [['te', 'trailers']])
})

t.test('values of one name keep their order, whatever the name is', async t => {
  const headers = ['A', '1', '__proto__', 'p', 'a', '2', 'B', 'caf\u00e9', 'a', '3']
  t.strictSame(head({ headers }).headers, [
    ['a', ['1', '2', '3']],
    ['__proto__', 'p'],
    ['b', 'caf\u00e9'],
  ])
})

t.test('a length is announced as in HTTP/1.1', async t => {
  const announced = (options: Partial<DispatchOptions>) => Object.fromEntries(head(options).headers)['content-length']
  const body = Readable.from([])
  t.equal(announced({}), undefined)
  t.equal(announced({ headers: ['content-length', '0'] }), undefined)
  t.equal(announced({ method: 'POST' }), '0')
  t.equal(announced({ method: 'POST', body: 'caf\u00e9' }), '5')
  t.equal(announced({ method: 'POST', body: Buffer.from('abc') }), '3')
  t.equal(announced({ method: 'POST', body }), undefined)
  t.equal(announced({ method: 'DELETE', body, headers: ['Content-Length', '7'] }), '7')
})
