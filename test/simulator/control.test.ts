import t from 'tap'
import { rig } from './client.ts'

const url = '/_simulator'

t.test('faults of every kind can be queued over HTTP', async t => {
  const { call } = await rig(t)
  const faults = [
    { kind: 'refuse-login' },
    { kind: 'no-token' },
    { kind: 'expire', path: '/cloud' },
    { kind: 'revoke', times: 3 },
    { kind: 'cut-json', times: 'always' },
    { kind: 'cut' },
    { kind: 'reset' },
    { kind: 'hang' },
    { kind: 'limiter-down' },
    { kind: 'slow', delay: 0 },
    { kind: 'status', status: 502 },
    { kind: 'status', status: 502, headers: { 'x-a': 'b' }, body: '' },
  ]
  for (const json of faults) t.equal((await call(`${url}/faults`, { method: 'POST', json })).status, 200)
  const state = (await call(`${url}/state`)).json()
  t.same(
    state.faults,
    faults.map((fault, index) => ({ path: index < 2 ? '/login' : '/', times: 1, ...fault })),
  )
  t.same((await call(`${url}/faults`, { method: 'DELETE' })).json().faults, [])
})

t.test('a fault that was queued over HTTP is applied', async t => {
  const { call } = await rig(t)
  await call(`${url}/faults`, { method: 'POST', json: { kind: 'status', status: 502, body: 'b', times: 'always' } })
  t.equal((await call('/cloud')).text, 'b')
  t.equal((await call('/cloud')).status, 502)
  t.equal((await call(`${url}/state`)).status, 200)
})

t.test('invalid faults are rejected with a message that names the member', async t => {
  const { call } = await rig(t)
  for (const [json, message] of [
    [undefined, 'a fault must be a JSON object'],
    [[], 'a fault must be a JSON object'],
    [{ kind: 'hang', tiems: 2 }, 'tiems: unknown member; expected one of: kind, path'],
    [{ kind: 'explode' }, 'kind: expected one of: refuse-login, '],
    [{ kind: 'hang', path: 'cloud' }, 'path: must'],
    [{ kind: 'hang', path: 1 }, 'path: must'],
    [{ kind: 'hang', times: 0 }, 'times: must'],
    [{ kind: 'hang', times: 1.5 }, 'times: must'],
    [{ kind: 'hang', times: 'often' }, 'times: must'],
    [{ kind: 'slow' }, 'delay: must'],
    [{ kind: 'slow', delay: -1 }, 'delay: must'],
    [{ kind: 'status' }, 'status: must'],
    [{ kind: 'status', status: 199 }, 'status: must'],
    [{ kind: 'status', status: 600 }, 'status: must'],
    [{ kind: 'status', status: 500, headers: { a: 1 } }, 'headers: must'],
    [{ kind: 'status', status: 500, headers: { 'a b': '1' } }, 'headers: must'],
    [{ kind: 'status', status: 500, headers: { a: '1\n2' } }, 'headers: must'],
    [{ kind: 'status', status: 500, headers: 'a' }, 'headers: must'],
    [{ kind: 'status', status: 500, body: {} }, 'body: must'],
  ] as const) {
    const reply = await call(`${url}/faults`, { method: 'POST', ...(json && { json }) })
    t.equal(reply.status, 400)
    t.match(reply.json().error, message)
  }
  t.same((await call(`${url}/state`)).json().faults, [])
})

t.test('a control body larger than 1 MiB is rejected', async t => {
  const { call } = await rig(t)
  const body = ' '.repeat(1024 * 1024 + 1)
  t.equal((await call(`${url}/faults`, { method: 'POST', body })).status, 400)
})

t.test('tokens can be expired and revoked, and their lifetime set, over HTTP', async t => {
  const { call, login } = await rig(t)
  const first = await login()
  await call(`${url}/expire`, { method: 'POST' })
  t.match((await call('/cloud', { token: first })).headers['x-redlock-status'], 'token_expired')
  const second = await login()
  await call(`${url}/revoke`, { method: 'POST' })
  t.match((await call('/cloud', { token: second })).headers['x-redlock-status'], 'invalid_token')
  t.equal((await call(`${url}/lifetime`, { method: 'PUT', json: { seconds: 2 } })).json().tokenLifetime, 2)
  for (const json of [{ seconds: 0 }, {}, [], 'x']) {
    t.equal((await call(`${url}/lifetime`, { method: 'PUT', json })).status, 400)
  }
})

t.test('the state shows requests and counts, but no headers', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  await call('/auth_token/extend', { token })
  await call('/cloud?a=b')
  const reply = await call(`${url}/state`)
  const { counts, requests, tokenLifetime } = reply.json()
  t.same(counts, { requests: 3, logins: 1, extensions: 1, unauthorized: 1, throttled: 0, faults: 0 })
  t.equal(tokenLifetime, 600)
  t.match(requests[0], { method: 'POST', url: '/login', status: 200 })
  t.match(requests[2], { method: 'GET', url: '/cloud?a=b', status: 401, body: { bytes: 0 } })
  t.notMatch(reply.text, token)
})

t.test('an unknown control path is 404 with the known ones', async t => {
  const { call } = await rig(t)
  const reply = await call(`${url}/state`, { method: 'POST' })
  t.equal(reply.status, 404)
  t.match(reply.json().error, 'GET state')
})
