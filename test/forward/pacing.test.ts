import t from 'tap'
import { passTime } from '../support/clock.ts'
import { startPair } from '../support/proxy.ts'

/** Declared: 2 requests a second, 10 at once; the simulator enforces it. */
const ask = { method: 'POST', body: '{"timeRange":{"type":"to_now","value":"epoch"}}' }

t.test('what is over a declared limit waits for its turn, and is not refused by the upstream', async t => {
  const { call, clock, simulator } = await startPair(t)
  const answers = Array.from({ length: 12 }, () => call('/v2/alert', ask))
  const statuses = (await passTime(clock, Promise.all(answers))).map(({ status }) => status)
  t.strictSame(new Set(statuses), new Set([200]))
  t.equal(simulator.counts.throttled, 0)
})

t.test('a request that will not wait is refused by the upstream instead', async t => {
  const { call, simulator } = await startPair(t)
  const headers = { 'x-prismacloud-proxy-pacing': 'off' }
  const answers = await Promise.all(Array.from({ length: 12 }, () => call('/v2/alert', { ...ask, headers })))
  t.equal(answers.filter(({ status }) => status === 429).length, 2)
  t.equal(simulator.counts.throttled, 2)
})

t.test('an endpoint has one limit, however its path is spelt', async t => {
  const { call } = await startPair(t)
  const paths = ['/alert/7', '/alert/8/', '//alert/9', '/Alert/10', '/%61lert/11', '/alert/12%20', '/alert;v=1/13']
  for (const path of [...paths, '/alert/a%2Fb', '/_tenant/default/alert/14?x=y']) await call(path)
  const { endpoints } = (await call('/_proxy/status')).json().pacing
  t.match(endpoints, [{ endpoint: 'GET /alert/{id}' }])
  t.equal(endpoints.length, 1)
})
