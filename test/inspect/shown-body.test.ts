import { gzipSync } from 'node:zlib'
import t from 'tap'
import { BodyStart } from '../../src/inspect/body-start.ts'
import { type BodyContext, showBody } from '../../src/inspect/shown-body.ts'
import { Secret } from '../../src/kernel/secret.ts'

/** Shows a body of which at most 100 bytes were kept. */
function show(body: string | Buffer, context: Partial<BodyContext> = {}) {
  const start = new BodyStart(100)
  start.take(Buffer.from(body))
  return showBody(start, { headers: [], secrets: [], ...context })
}

t.test('text is shown with credentials masked', async t => {
  t.same(await show('{"password":"MARK"}'), { text: '{"password":"[secret]"}', size: 19, isCutOff: false, note: null })
  t.same(await show(''), { text: '', size: 0, isCutOff: false, note: null })
})

t.test('secrets of the proxy are masked under any name and in any encoding', async t => {
  const secrets = [new Secret('a-secret-of-the-proxy-0123456789')]
  const encoded = Buffer.from('a-secret-of-the-proxy-0123456789').toString('base64')
  for (const text of ['a-secret-of-the-proxy-0123456789', encoded]) {
    const { text: shown } = await show(`{"note":"${text}"}`, { secrets })
    t.match(shown, '[secret]')
    t.notOk(shown?.includes(text.slice(4, -4)))
  }
})

t.test('a body is decoded, and it is said from what', async t => {
  const body = gzipSync('{"token":"MARK"}')
  t.same(await show(body, { headers: ['Content-Encoding', 'gzip'] }), {
    text: '{"token":"[secret]"}',
    size: body.length,
    isCutOff: false,
    note: 'decoded from gzip',
  })
  t.match(await show('plain', { headers: ['Content-Encoding', 'gzip'] }), { text: 'plain', note: /not valid gzip/ })
})

t.test('a long body is cut off, before it is decoded or after', async t => {
  t.same(await show('x'.repeat(101)), { text: 'x'.repeat(100), size: 101, isCutOff: true, note: null })
  const zeros = await show(gzipSync('x'.repeat(10_000)), { headers: ['Content-Encoding', 'gzip'] })
  t.match(zeros, { text: 'x'.repeat(100), isCutOff: true })
})

t.test('a binary body is not shown, but told', async t => {
  const headers = ['Content-Type', 'image/png']
  t.same(await show('\x00\x01', { headers }), { text: null, size: 2, isCutOff: false, note: 'binary: image/png' })
  t.match(await show('\x00\x01'), { text: null, note: 'binary: no content-type' })
  t.match(await show('\x00\x01', { headers: [...headers, 'content-encoding', 'gzip'] }), {
    note: 'binary: image/png; not decoded: not valid gzip',
  })
})
