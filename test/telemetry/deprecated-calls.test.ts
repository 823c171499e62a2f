import t from 'tap'
import { OPERATIONS } from '../../src/operations/operations.ts'
import { DeprecatedCalls } from '../../src/telemetry/deprecated-calls.ts'
import { testClock } from '../support/clock.ts'
import { clientOf, startPair, startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const DEPRECATED = '/uve/api/v1/cve-overview'
const SINCE = OPERATIONS.find('GET', DEPRECATED)?.deprecatedAt
const DAY = 24 * 60 * 60 * 1000

/** How many combinations of tenant, client and operation are counted. */
const MOST_COUNTED = 10_000

t.test('responses of deprecated operations say so, unless the upstream does', async t => {
  const upstream = await rawUpstream(t, request => {
    const headers = request.target.endsWith('?own') ? ['Deprecation: @1'] : []
    request.answer(http(request.target.endsWith('?bad') ? '400 Bad Request' : '200 OK', headers, 'x'))
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  const header = async (path: string, options = {}) => (await call(path, options)).headers.deprecation
  t.equal(SINCE, Date.UTC(2026, 7, 31) / 1000)
  t.equal(await header(DEPRECATED), `@${SINCE}`)
  t.equal(await header(DEPRECATED, { method: 'HEAD' }), `@${SINCE}`)
  t.equal(await header(`${DEPRECATED}?bad`), `@${SINCE}`, 'as a problem document')
  t.equal(await header(`${DEPRECATED}?bad`, { headers: { 'x-prismacloud-proxy-errors': 'passthrough' } }), `@${SINCE}`)
  t.equal(await header(`${DEPRECATED}?own`), '@1')
  t.equal(await header('/v2/policy'), undefined)
  t.equal(await header(DEPRECATED, { method: 'POST' }), undefined, 'no description has it')
})

t.test('an error of the upstream keeps its own header, too', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('410 Gone', ['deprecation: @2'])))
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.match(await call(DEPRECATED), { status: 410, headers: { deprecation: '@2' } })
})

t.test('status and metrics show which client calls what, and how often', async t => {
  const clients = [clientOf('ci', 'the-token-of-ci-0'), clientOf('boss', 'the-token-of-boss', {}, true)]
  const { call } = await startPair(t, { config: { clients } })
  const as = (token: string) => ({ headers: { 'x-prismacloud-proxy-token': token } })
  const boss = as('the-token-of-boss')
  await call(DEPRECATED, as('the-token-of-ci-0'))
  await call(DEPRECATED, as('the-token-of-ci-0'))
  await call(`${DEPRECATED}/`, boss)
  await call('/v2/policy', boss)
  const facts = { tenant: 'default', method: 'GET', operation: DEPRECATED, last: /^2026-01-01T00:00:00\.\d{3}Z$/ }
  t.match((await call('/_proxy/status', boss)).json().deprecated, [
    { ...facts, client: 'boss', requests: 1 },
    { ...facts, client: 'ci', requests: 2 },
  ])
  t.notOk('deprecated' in (await call('/_proxy/status', as('the-token-of-ci-0'))).json())
  const labels = (client: string) =>
    `deprecated_requests_total{tenant="default",client="${client}",operation="${DEPRECATED}",method="GET"}`
  const { text } = await call('/_proxy/metrics', boss)
  t.match(text, `${labels('ci')} 2\n`)
  t.match(text, `${labels('boss')} 1\n`)
})

t.test('the log has a line a day for each client and operation', async t => {
  const pair = await startPair(t)
  const lines = () => pair.log.filter(({ msg }) => /deprecated operation/.test(`${msg}`))
  for (let n = 0; n < 3; n++) await pair.call(DEPRECATED)
  t.match(lines(), [
    {
      level: 40,
      msg: `tenant default: a client uses the deprecated operation GET ${DEPRECATED}`,
      tenant: 'default',
      client: null,
      operation: DEPRECATED,
      requests: 1,
    },
  ])
  await pair.call('/uve/api/v1/dashboard/vulnerabilities/overview')
  t.equal(lines().length, 2)
  t.match((await pair.call('/_proxy/metrics')).text, `client="",operation="${DEPRECATED}",method="GET"} 3\n`)
})

t.test('the line comes again after a day, and not before', async t => {
  const clock = testClock()
  const lines: object[] = []
  const calls = new DeprecatedCalls(clock, { warn: (facts: object) => lines.push(facts) } as never)
  const operation = OPERATIONS.find('GET', DEPRECATED)
  const count = () => calls.count({ tenant: 'a', client: 'ci', method: 'GET', operation } as never)
  count()
  await clock.advance(DAY - 1000)
  count()
  t.equal(lines.length, 1)
  await clock.advance(1000)
  count()
  t.match(lines, [{ requests: 1 }, { client: 'ci', requests: 3 }])
})

t.test('ten thousand combinations are counted; the least recently used is forgotten first', async t => {
  let lines = 0
  const calls = new DeprecatedCalls(testClock(), { warn: () => lines++ } as never)
  const operation = OPERATIONS.find('GET', DEPRECATED)
  const count = (tenant: string) => calls.count({ tenant, client: null, method: 'GET', operation } as never)
  for (let round = 0; round < 2; round++) for (let n = 0; n < MOST_COUNTED; n++) count(`t${n}`)
  t.equal(lines, MOST_COUNTED, 'one line for each')
  count('another')
  const tenants = [...calls.all()].map(({ tenant }) => tenant)
  t.equal(tenants.length, MOST_COUNTED)
  t.equal(tenants[0], 'another')
  t.notOk(tenants.includes('t0'))
})
