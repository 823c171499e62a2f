import t from 'tap'
import { DEMO_USER, type SimulatorUser } from '../../src/simulator/index.ts'
import { CREDENTIALS, claims, reason, rig } from './client.ts'

const [demoTenant] = DEMO_USER.tenants
const tenants = [
  { customerName: 'First', prismaId: '1' },
  { customerName: 'Second', prismaId: '2' },
]
const users: SimulatorUser[] = [
  { accessKeyId: 'several', secretKey: 's', tenants },
  { accessKeyId: 'active', secretKey: 's', tenants, state: 'active' },
  { accessKeyId: 'expired', secretKey: 's', tenants: tenants.slice(1), state: 'expired' },
  { accessKeyId: 'disabled', secretKey: 's', tenants: tenants.slice(1), state: 'disabled' },
  { accessKeyId: 'sso', secretKey: 's', tenants: tenants.slice(1), state: 'sso' },
]

t.test('a login with a valid key returns a JWT of about 1 KB and names the customer', async t => {
  const { call, clock } = await rig(t)
  const reply = await call('/login', { method: 'POST', json: CREDENTIALS })
  const body = reply.json()
  t.equal(reply.status, 200)
  t.equal(body.message, 'login_successful')
  t.same(body.customerNames, [{ ...demoTenant, tosAccepted: true }])
  t.ok(body.token.length > 900 && body.token.length < 1500, `${body.token.length} bytes`)
  t.equal(body.token.split('.').length, 3)
  const now = Math.floor(clock.now() / 1000)
  t.match(claims(body.token), { iat: now, exp: now + 600, sub: DEMO_USER.accessKeyId })
})

t.test("iat and exp of a token follow the API's clock, and so does the date of a response", async t => {
  const { call, clock } = await rig(t, { clockOffset: -180_500 })
  const reply = await call('/login', { method: 'POST', json: CREDENTIALS })
  const { iat, exp } = claims(reply.json().token)
  const vendorNow = Math.floor((clock.now() - 180_500) / 1000)
  t.equal(iat, vendorNow)
  t.equal(exp, vendorNow + 600)
  t.equal(reply.headers.date, new Date(vendorNow * 1000).toUTCString())
})

t.test('a wrong, expired or disabled key is rejected, and so is a password under single sign-on', async t => {
  const { call } = await rig(t, { users })
  for (const [username, password, expected] of [
    ['nobody', 's', 'invalid_credentials'],
    ['several', 'wrong', 'invalid_credentials'],
    ['expired', 's', 'invalid_credentials'],
    ['disabled', 's', 'invalid_credentials'],
    ['sso', 's', 'sso_enabled_password_login_attempt'],
  ]) {
    const reply = await call('/login', { method: 'POST', json: { username, password } })
    t.equal(reply.status, 401)
    t.equal(reply.text, '')
    t.equal(reason(reply), expected)
  }
})

t.test('a user of several tenants who names none gets 200 with their names and no token', async t => {
  const { call } = await rig(t, { users })
  const reply = await call('/login', { method: 'POST', json: { username: 'several', password: 's' } })
  t.equal(reply.status, 200)
  t.notOk('token' in reply.json())
  t.same(
    reply.json().customerNames,
    tenants.map(each => ({ ...each, tosAccepted: true })),
  )
})

t.test('a tenant is selected by prismaId, else by customerName; a foreign one is rejected', async t => {
  const { call } = await rig(t, { users })
  const login = (more: object) =>
    call('/login', { method: 'POST', json: { username: 'active', password: 's', ...more } })
  t.equal(claims((await login({ prismaId: '2' })).json().token).prismaId, '2')
  t.equal(claims((await login({ customerName: 'First' })).json().token).prismaId, '1')
  t.equal(claims((await login({ prismaId: '2', customerName: 'First' })).json().token).prismaId, '2')
  for (const more of [{ prismaId: '3' }, { customerName: 'Third' }]) {
    const reply = await login(more)
    t.equal(reply.status, 401)
    t.equal(reason(reply), 'invalid_credentials')
  }
})

t.test('users are read at each login, so a key can be rotated', async t => {
  const rotating = [DEMO_USER]
  const { call } = await rig(t, { users: rotating })
  rotating[0] = { ...DEMO_USER, secretKey: 'new' }
  t.equal((await call('/login', { method: 'POST', json: CREDENTIALS })).status, 401)
  t.equal((await call('/login', { method: 'POST', json: { ...CREDENTIALS, password: 'new' } })).status, 200)
})

t.test('a login that is not JSON, or lacks a member, is a bad request', async t => {
  const { call } = await rig(t)
  const headers = { 'content-type': 'application/json' }
  t.equal((await call('/login', { method: 'POST', headers, body: '{"username":' })).status, 400)
  const reply = await call('/login', { method: 'POST', json: { username: 'x' } })
  t.equal(reply.status, 400)
  t.equal(reason(reply), 'invalid_parameter_value')
})

t.test('an access key can be read by its id, and says when it expires', async t => {
  const expiresOn = Date.UTC(2026, 5, 1)
  const other: SimulatorUser = { ...DEMO_USER, accessKeyId: 'other', keyExpiresOn: expiresOn }
  const { call, login } = await rig(t, { users: [DEMO_USER, other] })
  const token = await login()
  const read = async (id: string) => (await call(`/access_keys/${id}`, { token })).json()
  const id = DEMO_USER.accessKeyId
  t.strictSame(await read(id), { id, name: 'Demo key', expiresOn: 0 })
  t.strictSame(await read('other'), { id: 'other', name: 'Demo key', expiresOn })
  t.equal((await call('/access_keys/other')).status, 401)
})

t.test(
  'an access key cannot be read without permission, by a user who is not active, or if it is not known',
  async t => {
    const own: SimulatorUser = { ...DEMO_USER }
    const present: SimulatorUser[] = [own]
    const { call, login } = await rig(t, { users: present })
    const token = await login()
    const read = async (id: string) => {
      const reply = await call(`/access_keys/${id}`, { token })
      return [reply.status, reason(reply)]
    }
    t.strictSame(await read('nobody'), [500, 'non_existing_access_key'])
    present[0] = { ...own, mayReadKeys: false }
    t.strictSame(await read(own.accessKeyId), [403, 'unauthorized_to_use_access_keys'])
    present[0] = { ...own, state: 'disabled' }
    t.strictSame(await read(own.accessKeyId), [400, 'user_inactive_or_not_exist'])
    present.pop()
    t.strictSame(await read(own.accessKeyId), [400, 'user_inactive_or_not_exist'])
  },
)
