import t from 'tap'
import { reason, reasons, rig } from './client.ts'

const timeRange = { type: 'relative', value: { unit: 'day', amount: 1 } }

t.test('a body that is not declared as JSON gets 415, as with curl -d', async t => {
  const { call, login, clock } = await rig(t)
  const token = await login()
  for (const headers of [
    { 'content-type': 'application/x-www-form-urlencoded' },
    {},
    { 'content-type': 'application/jsonx' },
  ]) {
    const reply = await call('/v2/alert', { method: 'POST', token, headers, body: JSON.stringify({ timeRange }) })
    t.equal(reply.status, 415)
    t.equal(reply.headers['x-redlock-status'], undefined)
    t.match(reply.json(), {
      timestamp: new Date(clock.now()).toISOString(),
      status: 415,
      error: 'Unsupported Media Type',
      message: `Content type '${headers['content-type'] ?? ''}' not supported`,
      path: '/v2/alert',
    })
  }
})

t.test('JSON with a charset is JSON', async t => {
  const { call, login } = await rig(t)
  const headers = { 'content-type': 'Application/JSON; charset=utf-8' }
  const body = JSON.stringify({ timeRange })
  t.equal((await call('/v2/alert', { method: 'POST', token: await login(), headers, body })).status, 200)
})

t.test('a body that is malformed JSON, or not an object, is a bad request', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  for (const body of ['{"timeRange":', '', '[]', 'null', '"text"']) {
    const headers = { 'content-type': 'application/json' }
    const reply = await call('/v2/alert', { method: 'POST', token, headers, body })
    t.match(reply.json(), { status: 400, error: 'Bad Request', message: 'JSON parse error' })
    t.equal(reply.status, 400)
  }
})

t.test('a JSON body larger than 1 MiB is too large', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  const reply = await call('/search/config', { method: 'POST', token, json: { query: 'x'.repeat(1024 * 1024) } })
  t.equal(reply.status, 413)
})

t.test('a required member that is missing or null is named in x-redlock-status, with an empty body', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  for (const [path, json, subject] of [
    ['/v2/alert', {}, 'timeRange'],
    ['/compliance/posture', { timeRange: null }, 'timeRange'],
    ['/search/config', { timeRange }, 'query'],
  ] as const) {
    const reply = await call(path, { method: 'POST', token, json })
    t.equal(reply.status, 400)
    t.equal(reply.text, '')
    t.same(reasons(reply), [{ i18nKey: 'invalid_parameter_value', severity: 'error', subject }])
  }
})

t.test('an unknown path is 404 in the shape of Spring, and paths must match exactly', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  for (const path of ['/nothing', '/cloud/', '//cloud', '/%63loud', '/alert/', '/']) {
    const reply = await call(path, { token })
    t.equal(reply.status, 404)
    t.match(reply.json(), { status: 404, error: 'Not Found', path })
  }
})

t.test('a wrong method is 405 with the allowed ones', async t => {
  const { call, login } = await rig(t)
  const reply = await call('/v2/alert', { method: 'DELETE', token: await login() })
  t.equal(reply.status, 405)
  t.equal(reply.headers.allow, 'GET, POST')
  t.match(reply.json(), { status: 405, error: 'Method Not Allowed', path: '/v2/alert' })
  t.equal((await call('/login')).status, 405)
})

t.test('the token is verified before the body', async t => {
  const { call } = await rig(t)
  const reply = await call('/v2/alert', { method: 'POST', body: 'a=b' })
  t.equal(reply.status, 401)
  t.equal(reason(reply), 'invalid_token')
})

t.test('every response has a unique request id', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  const ids = new Set<unknown>()
  for (const path of ['/cloud', '/cloud', '/nothing']) {
    ids.add((await call(path, { token })).headers['x-redlock-request-id'])
  }
  t.equal(ids.size, 3)
  t.notOk(ids.has(undefined))
})
