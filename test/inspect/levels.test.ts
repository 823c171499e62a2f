import t from 'tap'
import { Levels } from '../../src/inspect/levels.ts'
import type { EndpointStatus } from '../../src/pacing/pacer.ts'
import { testClock } from '../support/clock.ts'

const START = Date.UTC(2026, 0, 1)

function endpointOf(endpoint: string, remaining: number | null, waiting = 0): EndpointStatus {
  const limit = remaining === null ? null : { rate: 1, burst: 10, remaining }
  return { tenant: 'default', endpoint, limit, waiting, pause: 0, counts: { waits: 1, waitSeconds: 0, refusals: 0 } }
}

/** Levels of endpoints that the test sets. */
function makeLevels() {
  const clock = testClock(START)
  let endpoints: EndpointStatus[] = []
  const levels = new Levels(clock, {
    *endpoints(max) {
      yield* endpoints.slice(0, max)
    },
  })
  const read = async (...next: EndpointStatus[]) => {
    endpoints = next
    await clock.advance(5_000)
  }
  return { clock, levels, read }
}

t.test('levels are read every five seconds, and are lines as long as the times', async t => {
  const { levels, read } = makeLevels()
  t.same(levels.history, { times: [], endpoints: [] })
  await read(endpointOf('GET /a', 9))
  await read(endpointOf('GET /b', null, 3), endpointOf('GET /a', 8, 2))
  t.same(
    levels.history.times.map(time => Math.round((time - START) / 1000)),
    [5, 10],
  )
  t.same(levels.history.endpoints, [
    { tenant: 'default', endpoint: 'GET /b', remaining: [null, null], waiting: [null, 3] },
    { tenant: 'default', endpoint: 'GET /a', remaining: [9, 8], waiting: [0, 2] },
  ])
  await read()
  t.match(levels.history, { times: { length: 3 }, endpoints: [] }, 'what the pacer has forgotten is forgotten')
})

t.test('ten minutes of a hundred endpoints are kept', async t => {
  const { levels, read } = makeLevels()
  const many = Array.from({ length: 101 }, (_, n) => endpointOf(`GET /${n}`, n))
  for (let n = 0; n < 121; n++) await read(...many)
  t.equal(levels.history.times.length, 120)
  t.equal(Math.round((Number(levels.history.times[0]) - START) / 1000), 10)
  t.equal(levels.history.endpoints.length, 100)
  for (const { remaining, waiting } of levels.history.endpoints)
    if (remaining.length !== 120 || waiting.length !== 120) t.fail('too long')
})

t.test('nothing is read any more once they are closed', async t => {
  const { levels, read } = makeLevels()
  await read(endpointOf('GET /a', 9))
  levels.close()
  await read(endpointOf('GET /a', 8))
  t.equal(levels.history.times.length, 1)
})
