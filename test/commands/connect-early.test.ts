import t from 'tap'
import { connectEarly } from '../../src/commands/serve/connect-early.ts'
import type { TenantConfig } from '../../src/config/config.ts'
import { createAgents } from '../../src/upstream/agent.ts'
import { makeConfig } from '../support/proxy.ts'

interface Sketch {
  readonly origin: string
  readonly lazy?: boolean
}

/** The origins that connections are opened to for tenants. */
function connectedFor(sketches: readonly Sketch[]): string[] {
  const connected: string[] = []
  const config = makeConfig({ upstream: 'http://127.0.0.1:1' })
  const [some] = config.tenants.values()
  const tenants = sketches.map(({ origin, lazy = false }) => ({ ...some, lazy, api: { ...some?.api, origin } }))
  const agents = { ...createAgents(config.upstream), connectEarly: (origin: string) => void connected.push(origin) }
  connectEarly(agents, tenants as TenantConfig[])
  return connected
}

t.test('one connection to each API that tenants log in to at start', async t => {
  const origins = ['https://api.example', 'https://api2.example', 'https://api.example'].map(origin => ({ origin }))
  t.same(connectedFor(origins), ['https://api.example', 'https://api2.example'])
})

t.test('none for tenants that log in when they are used', async t => {
  t.same(connectedFor([{ origin: 'https://api.example', lazy: true }]), [])
})

t.test('no more than logins at the same time', async t => {
  const origins = Array.from({ length: 12 }, (_, at) => ({ origin: `https://api${at}.example` }))
  t.equal(connectedFor(origins).length, 10)
})
