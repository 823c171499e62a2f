import t from 'tap'
import { pathOf, ROWS } from '../operations/table.ts'
import { startPair } from '../support/proxy.ts'

t.test('read-only forwards every operation that reads or exports, and no other', async t => {
  const { call, simulator } = await startPair(t, { config: { policy: { access: 'read-only' } } })
  const wrong: string[] = []
  for (const { method, template, effect } of ROWS.filter(({ effect }) => effect !== 'session')) {
    const path = pathOf(template)
    const before = simulator.requests.length
    const reply = await call(path, method === 'GET' ? {} : { method, body: '{}' })
    const isForwarded = simulator.requests.slice(before).some(({ url }) => url.endsWith(path.replace('/_compute', '')))
    const isRefused = reply.status === 403 && reply.json().type === '/_proxy/problems/policy-denied'
    if (isForwarded === isRefused || isForwarded !== (effect === 'read' || effect === 'export'))
      wrong.push(`${method} ${template}: ${effect}, ${reply.status}`)
  }
  t.same(wrong, [])
})

t.test('with a rule for it, a write is forwarded, as its refusal says', async t => {
  const { call } = await startPair(t, { config: { policy: { access: 'read-only' } } })
  const { detail } = (await call('/policy/7', { method: 'PUT', body: '{}' })).json()
  t.equal(
    detail,
    'blocked by policy.access: read-only (this request writes); to permit it, add "PUT /policy/*" to policy.allow',
  )
})
