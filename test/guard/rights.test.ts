import t from 'tap'
import type { ClientConfig } from '../../src/config/config.ts'
import { type Policy, parseRule, policyOf } from '../../src/config/policy.ts'
import { authorizeAdmin, authorizeQuit, isAdmin } from '../../src/guard/rights.ts'
import { ANYTHING, clientOf, makeConfig } from '../support/proxy.ts'

const READ_ONLY: Partial<Policy> = { access: 'read-only' }
const client = (policy: Partial<Policy> = {}, admin = false) => clientOf('ci', 'the-token-of-ci-0', policy, admin)
const rule = (text: string) => [parseRule(text)]

t.test('an admin is whoever is named one, and everybody where there are no clients', async t => {
  const clients = [client({}, true), clientOf('other', 'the-token-of-other')]
  t.ok(isAdmin({ clients: [] }, null))
  t.ok(isAdmin({ clients }, 'ci'))
  for (const name of ['other', 'nobody', null]) {
    t.notOk(isAdmin({ clients }, name), `${name}`)
    t.throws(() => authorizeAdmin({ clients }, name), {
      name: 'Problem',
      type: 'policy-denied',
      detail: `clients.${name}.admin: true`,
    })
  }
  t.doesNotThrow(() => authorizeAdmin({ clients }, 'ci'))
})

interface Setting {
  readonly clients?: readonly ClientConfig[]
  readonly policy?: Partial<Policy>
  /** Of the one tenant, or of both. */
  readonly tenants?: readonly Partial<Policy>[]
}

const allowed: [title: string, setting: Setting][] = [
  ['whoever comes, where there are no clients', {}],
  [
    'whoever comes, where there are no clients, whatever may be asked of the API',
    { policy: READ_ONLY, tenants: [READ_ONLY] },
  ],
  ['a client that may write', { clients: [client()] }],
  ['a client that may write to one of the tenants', { clients: [client()], tenants: [READ_ONLY, {}] }],
  ['a client that may by its rules', { clients: [client({ allow: rule('POST /_proxy/quit') })] }],
  [
    'an admin, whatever may be asked of the API',
    { clients: [client({}, true)], policy: READ_ONLY, tenants: [READ_ONLY] },
  ],
]

const denied: [title: string, setting: Setting, detail: RegExp][] = [
  ['a client that only reads', { clients: [client(READ_ONLY)] }, /clients\.ci\.access: read-only/],
  ['an admin that only reads', { clients: [client(READ_ONLY, true)] }, /clients\.ci\.access: read-only/],
  ['a client whose rules allow other things', { clients: [client({ allow: rule('/v2/**') })] }, /clients\.ci\.allow/],
  ['a client whose rules deny it', { clients: [client({ deny: rule('POST /**') })] }, /clients\.ci\.deny/],
  ['a client where all only read', { clients: [client()], policy: READ_ONLY }, /policy\.access: read-only/],
  ['a client where every tenant is only read', { clients: [client()], tenants: [READ_ONLY, READ_ONLY] }, /tenants\.a/],
]

function configOf({ clients = [], policy = {}, tenants = [{}] }: Setting, quit = true) {
  const named = tenants.map((each, index) => {
    const name = String('ab'[index])
    return [name, { policy: policyOf({ ...ANYTHING, name: `tenants.${name}`, ...each }) }]
  })
  const config = { clients, policy, admin: { quit } }
  return makeConfig({ upstream: 'http://127.0.0.1:1', tenants: Object.fromEntries(named), config })
}

t.test('who may write may end the proxy', async t => {
  const asking = ({ clients = [] }: Setting) => clients[0]?.name ?? null
  for (const [title, setting] of allowed) t.doesNotThrow(() => authorizeQuit(configOf(setting), asking(setting)), title)
  for (const [title, setting, detail] of denied)
    t.throws(
      () => authorizeQuit(configOf(setting), asking(setting)),
      { name: 'Problem', type: 'policy-denied', detail },
      title,
    )
  for (const [title, setting] of allowed)
    t.throws(
      () => authorizeQuit(configOf(setting, false), asking(setting)),
      { name: 'Problem', detail: /quit is disabled; set admin\.quit: true$/ },
      title,
    )
})
