import t from 'tap'
import { Pool } from 'undici'
import { EXTENSION } from '../session/rig.ts'
import { startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const CLIENTS = 50
const ROTATIONS = 200
const BURST = 1000
const SEARCH = JSON.stringify({ timeRange: { type: 'to_now', value: 'epoch' }, limit: 1 })

/** No rate limits, which are not what these tests are about. */
const unlimited = [{ config: { pacing: { enabled: false } } }, { rateLimits: {} }] as const

t.test('over 200 rotations with 50 clients none sees a 401', { timeout: 110_000 }, async t => {
  const { app, port, clock, simulator } = await startPair(t, ...unlimited)
  const pool = new Pool(`http://localhost:${port}`, { connections: CLIENTS })
  t.teardown(() => pool.destroy())
  await app.login()
  const statuses = new Map<number, number>()
  let asked = 0
  const ask = async (client: number) => {
    const reads = { path: '/v2/policy', method: 'GET' } as const
    const searches = { path: '/v2/alert', method: 'POST', body: SEARCH } as const
    const { statusCode, body } = await pool.request(client % 2 ? reads : searches)
    await body.dump()
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
    asked++
  }
  for (let rotation = 1; rotation <= ROTATIONS; rotation++) {
    const clients = Array.from({ length: CLIENTS }, (_, client) => ask(client))
    // in the middle of them the extension falls due
    await until(() => asked >= (rotation - 1) * CLIENTS + CLIENTS / 2)
    await clock.advance(EXTENSION + 30_000)
    await Promise.all(clients)
    await until(() => simulator.counts.extensions === rotation)
  }
  t.strictSame([...statuses], [[200, CLIENTS * ROTATIONS]])
  t.match(simulator.counts, { logins: 1, extensions: ROTATIONS, unauthorized: 0 })
})

for (const [death, kill] of [
  ['has expired unnoticed', 'expireAll'],
  ['was revoked', 'revokeAll'],
] as const) {
  t.test(`a thousand requests at once on a token that ${death} cost one login, and all are served`, async t => {
    const { app, call, simulator } = await startPair(t, ...unlimited)
    await app.login()
    simulator[kill]()
    const search = { method: 'POST', body: SEARCH }
    const asked = Array.from({ length: BURST }, (_, n) => (n % 2 ? call('/v2/policy') : call('/v2/alert', search)))
    t.strictSame(new Set((await Promise.all(asked)).map(({ status }) => status)), new Set([200]))
    t.match(simulator.counts, { logins: 2, extensions: 0 })
  })
}

t.test('a thousand requests at once on a token that died in a sleep cost one login, and all are served', async t => {
  const { app, call, clock, simulator } = await startPair(t, ...unlimited)
  await app.login()
  clock.jump(8 * 3_600_000)
  const replies = await Promise.all(Array.from({ length: BURST }, () => call('/v2/policy')))
  t.strictSame(new Set(replies.map(({ status }) => status)), new Set([200]))
  t.match(simulator.counts, { logins: 2, extensions: 0, unauthorized: 0 })
})
