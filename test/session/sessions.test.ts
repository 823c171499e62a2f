import t, { type Test } from 'tap'
import type { TenantConfig } from '../../src/config/config.ts'
import { Secret } from '../../src/kernel/secret.ts'
import type { Session } from '../../src/session/session.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { rig } from './rig.ts'

function tenant(name: string): TenantConfig {
  const key = { accessKeyId: new Secret('id'), secretKey: new Secret('key') }
  return {
    name,
    target: { stack: null, console: null, api: 'https://api.example', basePath: '', from: 'custom' },
    credentials: { origin: 'test', read: async () => key },
    prismaId: null,
    customerName: null,
    lazy: false,
  }
}

function sessionsOf(t: Test, tenants: readonly TenantConfig[]) {
  const made: string[] = []
  const create = ({ name }: TenantConfig): Session => {
    made.push(name)
    return rig(t).session
  }
  return { made, sessions: new Sessions(new Map(tenants.map(each => [each.name, each])), create) }
}

const [a, b] = [tenant('a'), tenant('b')]

t.test("a tenant's session is made at its first use, once", async t => {
  const { made, sessions } = sessionsOf(t, [a, b])
  t.strictSame(made, [])
  t.equal(sessions.of(a), sessions.of(a))
  t.not(sessions.of(a), sessions.of(b))
  t.strictSame(made, ['a', 'b'])
})

t.test('every configured tenant is listed, with its session if it has one', async t => {
  const { made, sessions } = sessionsOf(t, [a, b])
  const session = sessions.of(b)
  t.strictSame(
    [...sessions.all()].map(each => [each.tenant.name, each.session === session]),
    [
      ['a', false],
      ['b', true],
    ],
  )
  t.strictSame(made, ['b'], 'and none is made for that')
})

t.test('however many tenants there are, each keeps its session', async t => {
  const many = Array.from({ length: 1001 }, (_, n) => tenant(`t${n}`))
  const { sessions } = sessionsOf(t, many)
  const all = many.map(each => sessions.of(each))
  t.equal(new Set(all).size, 1001)
  for (const session of all) t.not(session.status().state, 'closed')
})

t.test('closing closes every session', async t => {
  const { sessions } = sessionsOf(t, [a, b])
  const all = [sessions.of(a), sessions.of(b)]
  sessions.close()
  for (const session of all) t.equal(session.status().state, 'closed')
})
