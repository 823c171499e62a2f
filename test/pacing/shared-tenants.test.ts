import t from 'tap'
import { shareLimits } from '../../src/app/fleet.ts'
import type { LiveConfig } from '../../src/app/live-config.ts'
import { EndController } from '../../src/kernel/end-signal.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { Pacer } from '../../src/pacing/pacer.ts'
import type { Sessions } from '../../src/session/sessions.ts'
import { member, TestStore } from '../fleet/rig.ts'
import { testClock } from '../support/clock.ts'

const API = { origin: 'https://api', basePath: '' }

t.test('the requests of all tenants of one user are counted, also in one process', async t => {
  const clock = testClock()
  const fleet = member(t, new TestStore(clock), clock, 'one')
  const live = { config: { tenants: new Map(['one', 'other'].map(name => [name, { api: API }])) } }
  const user = new Secret('the user')
  const share = shareLimits(fleet, live as unknown as LiveConfig, () => ({ userOf: () => user }) as unknown as Sessions)
  const pacer = new Pacer({ clock, settings: () => ({ enabled: true, maxWait: 30_000, maxQueue: 100 }), share })
  const signal = new EndController('the client has left')
  await clock.advance(10)
  const granted: string[] = []
  for (const tenant of ['one', 'other'])
    for (let n = 0; n < 15; n++) {
      const request = { client: tenant, returned: false, waited: 0, signal }
      const endpoint = { key: `${tenant} GET /x`, declared: undefined }
      void Promise.resolve(pacer.admit(endpoint, request)).then(() => granted.push(tenant))
    }
  for (let n = 0; n < 5; n++) await clock.advance(10)
  t.equal(granted.length, 20, 'of one endpoint of which nothing is known yet')
})
