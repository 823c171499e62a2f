import t, { type Test } from 'tap'
import type { CallOptions } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

async function start(t: Test, assumeJson: boolean) {
  const upstream = await rawUpstream(t, async request => {
    await request.body()
    request.answer(http('200 OK'))
  })
  const proxy = await startProxy(t, { upstream: upstream.url, config: { assumeJson } })
  return async (options: CallOptions) => {
    t.equal((await proxy.call('/x', { method: 'POST', ...options })).status, 200)
    return (upstream.requests.at(-1)?.headers ?? []).filter(([name]) => name.toLowerCase() === 'content-type').flat()
  }
}

t.test('a body without a type, or with the form type that curl sends, is declared as JSON', async t => {
  const arriving = await start(t, true)
  t.strictSame(await arriving({ body: '{}' }), ['content-type', 'application/json'])
  const form = 'application/x-www-form-urlencoded'
  for (const type of [form, `${form}; charset=utf-8`, form.toUpperCase()]) {
    t.strictSame(await arriving({ body: '{}', headers: { 'Content-Type': type } }), [
      'Content-Type',
      'application/json',
    ])
  }
})

t.test('any other type, valid or not, is left alone', async t => {
  const arriving = await start(t, true)
  const types = [
    'text/csv',
    'application/json; charset=latin1',
    'nonsense',
    ';;',
    '',
    'application/x-www-form-urlencodedx',
  ]
  for (const type of types) {
    t.strictSame(await arriving({ body: 'x', headers: { 'content-type': type } }), ['content-type', type])
  }
  t.strictSame(await arriving({ body: 'x', headers: { 'x-not': 'content-type', 'content-type': 'a/b' } }), [
    'content-type',
    'a/b',
  ])
})

t.test('a request without a body gets no type', async t => {
  const arriving = await start(t, true)
  t.strictSame(await arriving({ method: 'GET' }), [])
  t.strictSame(await arriving({ method: 'DELETE' }), [])
  t.strictSame(await arriving({ headers: { 'content-length': '0' } }), [])
})

t.test('assumeJson: false leaves every body as it is declared', async t => {
  const arriving = await start(t, false)
  t.strictSame(await arriving({ body: '{}' }), [])
  const type = 'application/x-www-form-urlencoded'
  t.strictSame(await arriving({ body: '{}', headers: { 'content-type': type } }), ['content-type', type])
})
