import t from 'tap'
import { EndController } from '../../src/kernel/end-signal.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { Pacer } from '../../src/pacing/pacer.ts'
import { SharedLimit, type ShareLimit } from '../../src/pacing/shared/shared-limit.ts'
import { member, TestStore } from '../fleet/rig.ts'
import { testClock } from '../support/clock.ts'

const ENDPOINT = { key: 'default GET /x', declared: { rate: 5, burst: 10 } }

t.test('a member that goes on alone does not wait for the turns of those who waited in the store', async t => {
  const clock = testClock()
  const store = new TestStore(clock)
  const pacers = ['one', 'two', 'three'].map(name => {
    const fleet = member(t, store, clock, name)
    const user = () => new Secret('the-user')
    const share: ShareLimit = (_, told) => new SharedLimit({ fleet, parts: ['api'], user, drawer: fleet.member }, told)
    return new Pacer({ clock, settings: () => ({ enabled: true, maxWait: 30_000, maxQueue: 1000 }), share })
  })
  let granted = 0
  const live = async (ms: number) => {
    for (let at = 0; at < ms; at += 50) await clock.advance(50)
  }
  await live(3000)
  for (const pacer of pacers) {
    for (let n = 0; n < 20; n++) {
      const request = { client: n, returned: false, waited: 0, signal: new EndController('the client has left') }
      void Promise.resolve(pacer.admit(ENDPOINT, request)).then(permit => {
        granted++
        permit?.lost()
      })
    }
  }
  await live(2000)
  const before = granted
  store.leave()
  await live(6000)
  const served = granted - before
  t.ok(served >= 20 && served <= 5 * 6 + 3, `${served} requests are sent in six seconds at five a second`)
})
