import t from 'tap'
import { startSimulator } from '../../src/simulator/index.ts'
import { testClock } from '../support/clock.ts'
import { claims, reason, rig } from './client.ts'

t.test('a token is valid until its lifetime has passed on the clock, to the millisecond', async t => {
  const { call, clock, login } = await rig(t, { tokenLifetime: 1 })
  await clock.advance(750)
  const token = await login()
  await clock.advance(999)
  t.equal((await call('/cloud', { token })).status, 200)
  await clock.advance(1)
  const reply = await call('/cloud', { token })
  t.equal(reply.status, 401)
  t.equal(reply.text, '')
  t.equal(reason(reply), 'token_expired')
})

t.test('anything that the simulator did not issue is an invalid token', async t => {
  const { call, login } = await rig(t)
  const [other, token] = [await (await rig(t)).login(), await login()]
  const altered = token.replace(/\.[^.]/, each => (each === '.f' ? '.e' : '.f'))
  for (const sent of [undefined, '', 'x', other, altered, `Bearer ${token}`, token.slice(0, -1), `${token}.x`]) {
    const reply = await call('/cloud', sent === undefined ? {} : { token: sent })
    t.equal(reply.status, sent === `${token}.x` ? 200 : 401)
  }
})

t.test('a token must be sent in one header, and once', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  const twice = await call('/cloud', { headers: { 'x-redlock-auth': [token, token] } })
  t.equal(twice.status, 401)
  t.equal(reason(twice), 'invalid_token')
  t.equal((await call('/cloud', { headers: { authorization: token } })).status, 401)
})

t.test('application security accepts the token only in Authorization without Bearer', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  for (const path of ['/code/api/v1/repositories', '/bridgecrew/api/v1/repositories']) {
    t.equal((await call(path, { headers: { authorization: token } })).json().length, 3)
    t.equal((await call(path, { headers: { authorization: `Bearer ${token}` } })).status, 401)
    t.equal((await call(path, { token })).status, 401)
  }
})

t.test('extending returns a new token with roles, and the old one stays valid until it expires', async t => {
  const { call, clock, login } = await rig(t)
  const first = await login()
  await clock.advance(500_000)
  const reply = await call('/auth_token/extend', { token: first })
  const { token, roles, customerNames } = reply.json()
  t.equal(reply.status, 200)
  t.not(token, first)
  t.equal(roles[0].name, 'System Admin')
  t.match(customerNames, [{ customerName: 'Demo Company', tosAccepted: true }])
  t.equal((await call('/cloud', { token: first })).status, 200)
  await clock.advance(100_000)
  t.equal((await call('/cloud', { token: first })).status, 401)
  t.equal((await call('/cloud', { token })).status, 200)
})

t.test('an expired token cannot be extended', async t => {
  const { call, clock, login } = await rig(t)
  const token = await login()
  await clock.advance(600_000)
  const reply = await call('/auth_token/extend', { token })
  t.equal(reply.status, 401)
  t.equal(reason(reply), 'token_expired')
})

t.test('all tokens can be expired or revoked at once, and later ones are valid', async t => {
  const { call, login, simulator } = await rig(t)
  const first = await login()
  simulator.expireAll()
  t.equal(reason(await call('/cloud', { token: first })), 'token_expired')
  const second = await login()
  t.equal((await call('/cloud', { token: second })).status, 200)
  simulator.revokeAll()
  t.equal(reason(await call('/cloud', { token: second })), 'invalid_token')
  t.equal((await call('/cloud', { token: await login() })).status, 200)
})

t.test('the lifetime of tokens can be set to an integer of at least 1', async t => {
  const { login, simulator } = await rig(t)
  simulator.setTokenLifetime(1)
  const { iat, exp } = claims(await login())
  t.equal(Number(exp) - Number(iat), 1)
  t.throws(() => simulator.setTokenLifetime(0), RangeError)
  t.throws(() => simulator.setTokenLifetime(1.5), RangeError)
  await t.rejects(startSimulator({ clock: testClock(), tokenLifetime: 0 }), RangeError)
})
