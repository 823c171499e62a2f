import t from 'tap'
import { readOutcome } from '../../src/pacing/outcome.ts'

const LIMIT = { 'x-ratelimit-replenish-rate': '2', 'x-ratelimit-burst-capacity': '10', 'x-ratelimit-remaining': '0' }
const limit = { rate: 2, burst: 10, remaining: 0 }
const now = Date.UTC(2026, 0, 1)

function outcome(status: number, headers: Record<string, string> = {}, attempt = 0) {
  const options = { now, maxPause: 30_000, random: () => 0.5 }
  return readOutcome({ status, header: name => headers[name], attempt }, options)
}

t.test('any status but 429 and 503 means served', async t => {
  for (const status of [200, 304, 400, 401, 404, 500, 502, 504])
    t.match(outcome(status, { 'retry-after': '9' }), { kind: 'served', limit: undefined, pause: 0 })
  t.match(outcome(200, LIMIT), { kind: 'served', limit, pause: 0 })
})

t.test('an error without a limit does not show that there is none', async t => {
  for (const status of [200, 204, 304, 429]) t.equal(outcome(status).isConclusive, true, `${status}`)
  for (const status of [400, 401, 403, 404, 500, 502, 503, 504]) {
    t.equal(outcome(status).isConclusive, false, `${status}`)
    t.equal(outcome(status, LIMIT).isConclusive, status !== 503, `${status} with a limit`)
  }
})

t.test('429 pauses for its Retry-After', async t => {
  t.match(outcome(429, { 'retry-after': '120' }), { kind: 'limited', pause: 120_000 })
  t.match(outcome(429, { ...LIMIT, 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }), { limit, pause: 7_000 })
  t.match(outcome(429, LIMIT), { limit, pause: 0 }, 'or until the limit allows a request')
  t.match(outcome(429, LIMIT, 1), { limit, pause: 0 })
  t.match(outcome(429, LIMIT, 2), { limit, pause: 1_000 }, 'which comes with the next second at the latest')
  t.match(outcome(429, { ...LIMIT, 'retry-after': '120' }, 2), { pause: 120_000 })
})

t.test('without Retry-After the pause is a backoff with jitter', async t => {
  t.equal(outcome(429).pause, 500)
  t.equal(outcome(429, {}, 1).pause, 1000)
  t.equal(outcome(503, {}, 2).pause, 2000)
  t.equal(outcome(503, { 'retry-after': 'soon' }, 20).pause, 15_000)
})

t.test('503 pauses for maxPause at most', async t => {
  t.match(outcome(503, { 'retry-after': '5' }), { kind: 'unavailable', pause: 5_000 })
  t.match(outcome(503, { 'retry-after': '3600' }), { kind: 'unavailable', pause: 30_000 })
})
