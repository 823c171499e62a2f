import t from 'tap'
import { AnswerCache, type Cacheable } from '../../src/cache/answer-cache.ts'
import { EndController } from '../../src/kernel/end-signal.ts'
import { instantOf } from '../../src/kernel/instant.ts'
import { countedClock } from '../kernel/counted-clock.ts'

const POLICIES = { key: 'default /v2/policy', resource: 'default policy', keepFor: 1000 }
const ALERTS = { key: 'default /v2/alert', resource: 'default alert', keepFor: 1000 }
const KIB = 1024

function rig(maxSize = 1024 * KIB) {
  const clock = countedClock()
  const cache = new AnswerCache<string>(clock, maxSize)
  /** Caches a response. */
  const keep = (request = POLICIES, body: string | Buffer = 'body', head = 'head') => {
    const flight = cache.begin(request)
    flight.begin(head, 4)
    flight.data(Buffer.from(body))
    flight.land('complete')
  }
  const get = (request: Cacheable) => cache.get(request, instantOf(clock))
  return { clock, cache, keep, get }
}

t.test('a response is cached until it expires', async t => {
  const { clock, keep, get } = rig()
  t.equal(get(POLICIES), undefined)
  await clock.advance(5)
  const before = instantOf(clock)
  keep()
  const after = instantOf(clock)
  const kept = get(POLICIES)
  t.match(kept, { head: 'head', body: Buffer.from('body'), size: 8 })
  t.ok(kept && before.monotonic < kept.at.monotonic && kept.at.monotonic < after.monotonic)
  t.equal(get(ALERTS), undefined)
  await clock.advance(999)
  t.ok(get(POLICIES))
  await clock.advance(1)
  t.equal(get(POLICIES), undefined)
  keep()
  clock.jump(1000)
  t.equal(get(POLICIES), undefined, 'nor longer during a sleep')
})

t.test('a body is cached as received, in chunks or empty', async t => {
  const { cache, get } = rig()
  const flight = cache.begin(POLICIES)
  flight.begin('head', 4)
  for (const piece of ['a', 'b', 'c']) flight.data(Buffer.from(piece))
  flight.land('complete')
  t.equal(`${get(POLICIES)?.body}`, 'abc')
  const empty = cache.begin(ALERTS)
  empty.begin('head', 4)
  empty.land('complete')
  t.equal(get(ALERTS)?.body.length, 0)
})

t.test('only a complete response that may be shared is cached', async t => {
  const { cache, get } = rig()
  for (const how of ['none', 'left'] as const) {
    const flight = cache.begin(POLICIES)
    flight.begin('head', 4)
    flight.data(Buffer.from('half'))
    flight.land(how)
    t.equal(get(POLICIES), undefined, how)
  }
  const bad = cache.begin(POLICIES)
  bad.data(Buffer.from('error'))
  bad.land('complete')
  t.equal(get(POLICIES), undefined, 'no such response began')
})

t.test('requests that wait for a flight get its response', async t => {
  const { clock, cache } = rig()
  const flight = cache.begin(POLICIES)
  t.equal(cache.flight(POLICIES), flight)
  t.equal(cache.flight(ALERTS), undefined)
  const over = new EndController('the client has left')
  const waiting = [flight.wait(over), flight.wait(over)]
  flight.begin('head', 4)
  flight.data(Buffer.from('body'))
  flight.land('complete')
  t.match(await Promise.all(waiting), [{ head: 'head' }, { head: 'head' }])
  t.equal(cache.flight(POLICIES), undefined)
  t.equal(clock.pending, 0)
})

t.test('without a response to share, waiting requests learn why', async t => {
  const { cache } = rig()
  for (const how of ['none', 'left'] as const) {
    const flight = cache.begin(POLICIES)
    const waiting = flight.wait(new EndController('the client has left'))
    flight.land(how)
    t.equal(await waiting, how)
  }
})

t.test('a wait ends with a timeout or an abort', async t => {
  const { clock, cache } = rig()
  const flight = cache.begin(POLICIES)
  const over = new EndController('the client has left')
  const left = t.rejects(flight.wait(over), { message: 'the client has left' })
  over.abort()
  await left
  const waiting = flight.wait(new EndController('the client has left'))
  await clock.advance(30_000)
  t.equal(await waiting, 'left')
  t.equal(cache.flight(POLICIES), undefined, 'and later requests do not wait for it')
})

t.test('a later flight replaces an earlier one, and its response is cached', async t => {
  const { cache, get } = rig()
  const first = cache.begin(POLICIES)
  const second = cache.begin(POLICIES)
  for (const flight of [second, first]) {
    t.equal(cache.flight(POLICIES), flight === second ? second : undefined)
    flight.begin(flight === second ? 'newer' : 'older', 5)
    flight.land('complete')
    t.equal(get(POLICIES)?.head, 'newer')
  }
})

t.test('a write makes cached responses and flights of its resource stale', async t => {
  const { cache, keep, get } = rig()
  keep()
  keep(ALERTS)
  const flight = cache.begin(POLICIES)
  cache.written(POLICIES.resource)
  t.equal(get(POLICIES), undefined)
  t.ok(get(ALERTS))
  t.equal(cache.flight(POLICIES), undefined)
  flight.begin('from before', 4)
  flight.land('complete')
  t.equal(get(POLICIES), undefined, 'it was requested before')
  keep()
  t.ok(get(POLICIES))
})

t.test('evicted versions make more responses stale, never fewer', async t => {
  const { cache, keep, get } = rig()
  keep()
  cache.written(POLICIES.resource)
  for (let n = 0; n < 1000; n++) cache.written(`default ${n}`)
  t.equal(get(POLICIES), undefined)
  keep()
  t.ok(get(POLICIES))
  cache.written('default 1000')
  t.equal(get(POLICIES), undefined)
})

t.test('the size of the cache is limited', async t => {
  const { keep, get } = rig(100 * KIB)
  for (let n = 0; n < 10; n++) keep({ ...POLICIES, key: `${n}` }, Buffer.alloc(20 * KIB))
  const kept = Array.from({ length: 10 }, (_, n) => get({ ...POLICIES, key: `${n}` })).filter(Boolean)
  t.equal(kept.length, 3)
  t.ok(get({ ...POLICIES, key: '9' }), 'the most recently used')
})

t.test('recording is limited, too: a response that is too large is not cached', async t => {
  const { cache, keep, get } = rig(100 * KIB)
  keep(POLICIES, Buffer.alloc(25 * KIB - 3))
  t.equal(get(POLICIES), undefined)
  const [first, second] = [cache.begin(POLICIES), cache.begin(ALERTS)]
  first.begin('head', 4)
  second.begin('head', 4)
  first.data(Buffer.alloc(20 * KIB))
  second.data(Buffer.alloc(20 * KIB))
  second.data(Buffer.alloc(20))
  first.land('complete')
  second.land('complete')
  t.ok(get(POLICIES))
  t.equal(get(ALERTS), undefined, 'there was no room next to the other')
  keep(ALERTS, Buffer.alloc(25 * KIB - 4))
  t.ok(get(ALERTS), 'there is room again')
  const large = cache.begin(POLICIES)
  large.begin('head', 25 * KIB + 1)
  large.land('complete')
  t.ok(get(POLICIES), 'the earlier response stays')
  const none = rig(0)
  none.keep()
  t.equal(none.get(POLICIES), undefined)
})
