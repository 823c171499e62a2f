import t from 'tap'
import { firstLogin } from '../../src/telemetry/first-login.ts'

t.test('a rejection during the first login is left to its caller to report', async t => {
  const told: string[] = []
  const events = {
    changed: (tenant: string, _from: string, to: string) => void told.push(`${tenant} ${to}`),
    rotated: (tenant: string) => void told.push(tenant),
    rotationFailed: (tenant: string) => void told.push(tenant),
    keyUnreadable: (tenant: string) => void told.push(tenant),
  }
  const first = firstLogin(events, tenant => tenant !== 'lazy')
  const change = (tenant: string, to: 'rejected' | 'ready' | 'backing-off') =>
    first.events.changed(tenant, 'authenticating', to, '')
  change('a', 'rejected')
  let end = () => {}
  const login = first.waitFor(
    new Promise<void>(resolve => {
      end = resolve
    }),
  )
  change('a', 'rejected')
  change('b', 'ready')
  change('c', 'backing-off')
  change('lazy', 'rejected')
  end()
  await login
  change('a', 'rejected')
  t.strictSame(told, ['a rejected', 'b ready', 'c backing-off', 'lazy rejected', 'a rejected'])
  await t.rejects(first.waitFor(Promise.reject(new Error('broken'))), { message: 'broken' })
  change('a', 'rejected')
  t.equal(told.length, 6)
})
