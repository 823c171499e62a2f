import t from 'tap'
import type { ClientConfig } from '../../src/config/config.ts'
import { type Policy, parseRule, policyOf } from '../../src/config/policy.ts'
import { authorizeAdmin, authorizeQuit, isAdmin } from '../../src/guard/rights.ts'
import { ANYTHING, clientOf, makeConfig } from '../support/proxy.ts'

const READ_ONLY: Partial<Policy> = { access: 'read-only' }
const client = (policy: Partial<Policy> = {}, admin = false) => clientOf('ci', 'the-token-of-ci-0', policy, admin)
const rule = (text: string) => [parseRule(text)]

t.test('admins are the clients with admin: true; without clients, everyone is one', async t => {
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
  /** The policies of one tenant or of two. */
  readonly tenants?: readonly Partial<Policy>[]
}

const allowed: [title: string, setting: Setting][] = [
  ['anyone, if there are no clients', {}],
  ['anyone, if there are no clients, whatever the policies for the API', { policy: READ_ONLY, tenants: [READ_ONLY] }],
  ['a client with write access', { clients: [client()] }],
  ['a client with write access to one of the tenants', { clients: [client()], tenants: [READ_ONLY, {}] }],
  ['a client whose rules allow it', { clients: [client({ allow: rule('POST /_proxy/quit') })] }],
  [
    'an admin, whatever the policies for the API',
    { clients: [client({}, true)], policy: READ_ONLY, tenants: [READ_ONLY] },
  ],
]

const denied: [title: string, setting: Setting, detail: RegExp][] = [
  ['a read-only client', { clients: [client(READ_ONLY)] }, /clients\.ci\.access: read-only/],
  ['a read-only admin', { clients: [client(READ_ONLY, true)] }, /clients\.ci\.access: read-only/],
  ['a client whose rules allow other things', { clients: [client({ allow: rule('/v2/**') })] }, /clients\.ci\.allow/],
  ['a client whose rules deny it', { clients: [client({ deny: rule('POST /**') })] }, /clients\.ci\.deny/],
  [
    'a client, if the policy for all is read-only',
    { clients: [client()], policy: READ_ONLY },
    /policy\.access: read-only/,
  ],
  ['a client, if every tenant is read-only', { clients: [client()], tenants: [READ_ONLY, READ_ONLY] }, /tenants\.a/],
]

function configOf({ clients = [], policy = {}, tenants = [{}] }: Setting, quit = true) {
  const named = tenants.map((each, index) => {
    const name = String('ab'[index])
    return [name, { policy: policyOf({ ...ANYTHING, name: `tenants.${name}`, ...each }) }]
  })
  const config = { clients, policy, admin: { quit } }
  return makeConfig({ upstream: 'http://127.0.0.1:1', tenants: Object.fromEntries(named), config })
}

t.test('a client with write access may shut down the proxy', async t => {
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
