import t, { type Test } from 'tap'
import { AuthApi } from '../../src/auth/auth-api.ts'
import { DAY } from '../../src/kernel/instant.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { KeyExpiries } from '../../src/session/key-expiries.ts'
import { DEMO_USER, type SimulatorUser, startSimulator } from '../../src/simulator/index.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'
import type { Dispatcher } from '../../src/upstream/dispatcher.ts'
import { countedClock } from '../kernel/counted-clock.ts'
import { makePool } from '../support/pool.ts'
import { until } from '../support/until.ts'

const HOUR = 60 * 60_000
const CALL_TIMEOUT = 10_000
const EXPIRES_ON = Date.UTC(2026, 5, 1)

const ID = new Secret(DEMO_USER.accessKeyId)
const OTHER_USER: SimulatorUser = { ...DEMO_USER, accessKeyId: '11111111-demo-demo-demo-000000000000' }
const OTHER_ID = new Secret(OTHER_USER.accessKeyId)

/** A simulator, and who asks it when keys expire. `use` tells of an auth call, and waits until nothing is asked. */
async function rig(t: Test, user: Partial<SimulatorUser> = {}) {
  const clock = countedClock()
  const users: SimulatorUser[] = [{ ...DEMO_USER, ...user }, OTHER_USER]
  const simulator = await startSimulator({ clock, users, tokenLifetime: 365 * 24 * 3600 })
  const connections = makePool(t).fresh
  const asked: string[] = []
  const dispatcher: Dispatcher = {
    dispatch(options, handler) {
      asked.push(options.path)
      connections.dispatch(options, handler)
    },
    destroy: () => connections.destroy(),
  }
  const told: string[] = []
  const keys = new KeyExpiries({
    dispatcher,
    clock,
    callTimeout: () => CALL_TIMEOUT,
    events: {
      dated: (tenant, expiresAt) => told.push(`${tenant} ${new Date(expiresAt).toISOString()}`),
      untold: (tenant, reason) => told.push(`${tenant} ${reason.replace(/127[\d.:]+/, 'HOST')}`),
    },
  })
  t.teardown(async () => {
    keys.close()
    await connections.destroy()
    await simulator.close()
  })
  const api = resolveApi(simulator.url)
  const choice = { prismaId: null, customerName: null }
  const auth = new AuthApi({ dispatcher: connections, api, choice, clock, callTimeout: () => CALL_TIMEOUT })
  const { token } = await auth.login({ accessKeyId: ID, secretKey: new Secret(DEMO_USER.secretKey) })
  const lease = {
    token,
    user: undefined,
    api,
    end: { wall: 0, monotonic: 0 },
    session: 'one',
    generation: 1,
    served() {},
  }
  const begin = (accessKeyId = ID) => keys.keyUsed('default', accessKeyId, lease)
  const use = (accessKeyId = ID) => {
    begin(accessKeyId)
    return until(() => clock.pending === 0)
  }
  return {
    keys,
    clock,
    simulator,
    asked,
    told,
    begin,
    use,
    change: (user: Partial<SimulatorUser>) => Object.assign(users[0] ?? {}, user),
  }
}

t.test('the API is asked after the first auth call, and then once a day', async t => {
  const { keys, clock, asked, told, use } = await rig(t)
  t.equal(keys.of('default'), 'unknown')
  await use()
  t.equal(keys.of('default'), 'never')
  for (const [wait, times] of [
    [0, 1],
    [HOUR, 1],
    [DAY - HOUR - 1000, 1],
    [1000, 2],
    [DAY - 1000, 2],
    [1000, 3],
  ] as const) {
    await clock.advance(wait)
    await use()
    t.equal(asked.length, times)
  }
  t.equal(asked[0], `/access_keys/${DEMO_USER.accessKeyId}`)
  t.strictSame(told, [])
  t.equal(keys.of('other'), 'unknown')
})

t.test('a day is one also where the machine sleeps, or its clock is set back', async t => {
  const { clock, asked, use } = await rig(t)
  await use()
  clock.jump(DAY)
  await use()
  t.equal(asked.length, 2)
  clock.jump(-3 * DAY)
  await use()
  t.equal(asked.length, 2)
  await clock.advance(DAY)
  await use()
  t.equal(asked.length, 3)
})

t.test('without a live token the API is not asked, but a known date is told', async t => {
  const { keys, clock, asked, told, use } = await rig(t, { keyExpiresOn: EXPIRES_ON })
  keys.keyUsed('default', ID, undefined)
  t.strictSame([asked, told], [[], []])
  await use()
  t.equal(keys.of('default'), EXPIRES_ON)
  t.strictSame(told, ['default 2026-06-01T00:00:00.000Z'])
  await clock.advance(2 * DAY)
  keys.keyUsed('default', ID, undefined)
  t.equal(asked.length, 1)
  t.equal(told.length, 2)
})

t.test('a new date takes the place of the former, which is not told again', async t => {
  const { keys, clock, told, use, change } = await rig(t, { keyExpiresOn: EXPIRES_ON })
  await use()
  change({ keyExpiresOn: EXPIRES_ON + 30 * DAY })
  await clock.advance(DAY)
  await use()
  t.equal(keys.of('default'), EXPIRES_ON + 30 * DAY)
  t.strictSame(told, ['default 2026-06-01T00:00:00.000Z', 'default 2026-07-01T00:00:00.000Z'])
})

const refusals: [what: string, user: Partial<SimulatorUser>, id: Secret, expiry: string, reason: string][] = [
  [
    'the role may not read it',
    { mayReadKeys: false },
    ID,
    'forbidden',
    'HOST returned 403: unauthorized_to_use_access_keys: the role of this access key may not read access keys',
  ],
  [
    'the key is not known',
    {},
    new Secret('nobody'),
    'unknown',
    'HOST returned 500: non_existing_access_key: there is no access key with this id',
  ],
  [
    'the user is not active',
    { state: 'disabled' },
    ID,
    'unknown',
    'HOST returned 400: user_inactive_or_not_exist: the user is disabled, or does not exist in this tenant',
  ],
]

for (const [what, user, id, expiry, reason] of refusals) {
  t.test(`that is an answer for a day, too: ${what}`, async t => {
    const { keys, clock, asked, told, use, change } = await rig(t)
    change(user)
    await use(id)
    t.equal(keys.of('default'), expiry)
    await clock.advance(DAY - HOUR)
    await use(id)
    t.strictSame(told, [`default ${reason}`])
    await clock.advance(HOUR)
    await use(id)
    t.equal(asked.length, 2)
  })
}

t.test('what says nothing leaves what is known, and is asked again after an hour', async t => {
  const { keys, clock, simulator, asked, told, use } = await rig(t, { keyExpiresOn: EXPIRES_ON })
  await use()
  await clock.advance(DAY)
  for (const [index, fault] of [
    { kind: 'reset' } as const,
    { kind: 'status', status: 503 } as const,
    { kind: 'status', status: 429 } as const,
    { kind: 'cut-json' } as const,
    { kind: 'expire' } as const,
  ].entries()) {
    simulator.fault(fault)
    told.splice(0)
    await use()
    t.equal(asked.length, index + 2, fault.kind)
    t.match(told, [/^default .*HOST/], 'the reason, and not the date once more')
    await clock.advance(HOUR - 1000)
    await use()
    t.equal(asked.length, index + 2)
    t.equal(keys.of('default'), EXPIRES_ON)
    t.equal(told.at(-1), 'default 2026-06-01T00:00:00.000Z')
    await clock.advance(1000)
  }
})

t.test('an API that does not answer is given up after the timeout of auth calls', async t => {
  const { keys, clock, simulator, told, begin } = await rig(t)
  simulator.fault({ kind: 'hang' })
  begin()
  await until(() => simulator.requests.length === 2)
  begin()
  t.strictSame(told, [])
  await clock.advance(CALL_TIMEOUT)
  await until(() => clock.pending === 0)
  t.match(told, [/^default HOST did not respond in time/])
  t.equal(simulator.requests.length, 2, 'nor was it asked twice at a time')
  t.equal(keys.of('default'), 'unknown')
})

t.test('another key is asked for at once, and the answer about the former is dropped', async t => {
  const { keys, clock, simulator, asked, told, begin, use } = await rig(t, { keyExpiresOn: EXPIRES_ON })
  await use()
  t.equal(keys.of('default'), EXPIRES_ON)
  await use(OTHER_ID)
  t.equal(keys.of('default'), 'never')
  await clock.advance(DAY)
  simulator.fault({ kind: 'slow', delay: 1000 })
  told.splice(0)
  begin(ID)
  t.equal(keys.of('default'), 'unknown')
  await until(() => simulator.requests.length === 4)
  begin(OTHER_ID)
  await until(() => keys.of('default') === 'never')
  await clock.advance(1000)
  await until(() => clock.pending === 0)
  t.equal(keys.of('default'), 'never')
  t.strictSame(told, [])
  t.match(asked, [/\/0000/, /\/1111/, /\/0000/, /\/1111/])
})

t.test('close() ends a running question, of which nothing is told', async t => {
  const { keys, clock, simulator, told, begin } = await rig(t, { keyExpiresOn: EXPIRES_ON })
  simulator.fault({ kind: 'hang' })
  begin()
  await until(() => simulator.requests.length === 2)
  keys.close()
  await until(() => clock.pending === 0)
  t.strictSame(told, [])
  t.equal(keys.of('default'), 'unknown')
})
