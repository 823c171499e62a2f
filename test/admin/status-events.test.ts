import { get } from 'node:http'
import t, { type Test } from 'tap'
import type { FleetAccess } from '../../src/app/fleet.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { testClock } from '../support/clock.ts'
import { talk } from '../support/http.ts'
import { clientOf, startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { openEvents } from './open-events.ts'

const TOKENS = { one: 'one-token-of-16-characters', boss: 'boss-token-of-16-characters' }
const CLIENTS = [clientOf('one', TOKENS.one), clientOf('boss', TOKENS.boss, {}, true)]

/** A fleet whose store is never there. */
const ALONE: FleetAccess = {
  connect: () => ({ run: async () => undefined, listen() {}, close: async () => {} }),
  explain: () => 'down',
  member: 'host/1',
}

/** Opens the stream of events, and collects those that are of such a type. */
async function follow(t: Test, port: number, token?: string) {
  const headers = token === undefined ? {} : { 'x-prismacloud-proxy-token': token }
  const { text } = await openEvents(t, port, headers)
  const events = () => [...text().matchAll(/^event: (.*)\ndata: (.*)\n\n/gm)].map(([, event]) => `${event}`)
  const dataOf = (type: string) =>
    [...text().matchAll(/^event: (.*)\ndata: (.*)\n\n/gm)]
      .filter(([, event]) => event === type)
      .map(([, , data]) => JSON.parse(`${data}`))
  return { events, dataOf, text }
}

t.test('a stream begins with the status, the rate limits, the traffic and the levels', async t => {
  const { app, call, clock, port } = await startPair(t)
  await app.login()
  await call('/v2/alert', { method: 'POST', body: '{"timeRange":{"type":"to_now","value":"epoch"}}' })
  await clock.advance(5_000)
  await until(async () => (await call('/_proxy/traffic')).json().slots.length === 1)
  const { ready, waitingFor, tenants, pacing } = (await call('/_proxy/status')).json()
  const reader = await follow(t, port)
  await until(() => reader.events().length === 5)
  t.same(reader.events(), ['sessions', 'limits', 'traffic', 'levels', 'request'])
  t.same(reader.dataOf('sessions'), [{ ready, waitingFor, tenants }])
  t.same(reader.dataOf('limits'), [pacing])
  t.match(reader.dataOf('traffic'), [{ slots: [{ requests: 1, failed: 0, p50: Number, p95: Number }] }])
  t.match(reader.dataOf('levels'), [{ times: [Number], endpoints: [{ endpoint: 'POST /v2/alert', remaining: [10] }] }])
  t.match(reader.text(), /^:\n\nevent: sessions\n/, 'without an id')
})

t.test('what has changed is sent again, once a second, and the traffic every five seconds', async t => {
  const { app, call, clock, port } = await startPair(t)
  await app.login()
  const reader = await follow(t, port)
  await until(() => reader.events().length === 4)
  for (let n = 0; n < 60; n++) await clock.advance(1_000)
  t.equal(reader.events().length, 4, 'that time passes is no change')
  for (const _ of [1, 2]) await call('/nowhere')
  await until(async () => (await call('/_proxy/traffic')).json().slots[0]?.requests === 2)
  await clock.advance(1_000)
  await until(() => reader.dataOf('sessions').length === 2)
  t.equal(reader.dataOf('traffic').length, 1)
  for (let n = 0; n < 4; n++) await clock.advance(1_000)
  await until(() => reader.dataOf('traffic').length === 2)
  t.match(
    reader.dataOf('sessions').map(({ tenants }) => tenants.default.counters.failures),
    [0, 2],
    'both requests at once',
  )
  t.match(reader.dataOf('traffic')[1], { slots: [{ requests: 2, failed: 2 }] })
  t.equal(reader.dataOf('levels').length, 1)
  app.sessions.close()
  await until(async () => {
    await clock.advance(1_000)
    return reader.dataOf('sessions').length === 3
  })
  t.match(reader.dataOf('sessions')[2], { ready: false, waitingFor: [{ tenant: 'default' }] })
})

t.test('of many rate limits, those of the hundred endpoints that were used last are told', async t => {
  const limit = ['x-ratelimit-replenish-rate: 1', 'x-ratelimit-burst-capacity: 9', 'x-ratelimit-remaining: 8']
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', limit)))
  const { call, port } = await startProxy(t, { upstream: upstream.url })
  for (let n = 0; n < 101; n++) await call(`/p${n}`)
  t.equal((await call('/_proxy/status')).json().pacing.endpoints.length, 101)
  const reader = await follow(t, port)
  await until(() => reader.dataOf('limits').length === 1)
  const endpoints = reader.dataOf('limits')[0].endpoints.map(({ endpoint }: { endpoint: string }) => endpoint)
  t.equal(endpoints.length, 100)
  t.notOk(endpoints.includes('GET /p0'))
})

t.test('a request whose client has left has failed', async t => {
  const { call, clock, port, simulator } = await startPair(t)
  simulator.fault({ kind: 'slow', delay: 500, path: '/v2/policy' })
  const request = get({ host: 'localhost', port, path: '/v2/policy' }).on('error', () => {})
  const running = async () => (await call('/_proxy/requests?status=running')).json().requests.length
  await until(async () => (await running()) === 1)
  request.destroy()
  await until(async () => (await call('/_proxy/traffic')).json().slots.length === 1)
  t.match((await call('/_proxy/traffic')).json(), { slots: [{ requests: 1, failed: 1 }] })
  await clock.advance(500)
})

t.test('a member of a fleet tells of it', async t => {
  const { call, port } = await startPair(t, { fleet: ALONE })
  const reader = await follow(t, port)
  await until(() => reader.dataOf('fleet').length === 1)
  t.same(reader.dataOf('fleet'), [(await call('/_proxy/status')).json().fleet])
  t.match(reader.dataOf('fleet'), [{ state: 'connecting', members: [{ name: 'host/1', isThis: true }] }])
})

t.test('only admins are told of anything but their own requests', async t => {
  const { call, clock, port } = await startPair(t, { config: { clients: CLIENTS } })
  await call('/v2/policy', { headers: { 'x-prismacloud-proxy-token': TOKENS.one } })
  const [one, boss] = await Promise.all([follow(t, port, TOKENS.one), follow(t, port, TOKENS.boss)])
  await until(() => boss.events().length === 5 && one.events().length === 1)
  for (let n = 0; n < 10; n++) await clock.advance(1_000)
  t.same(one.events(), ['request'])
})

t.test('the traffic of the last hour is there for admins, at the address of the proxy itself', async t => {
  const { call, clock, port } = await startPair(t, { config: { clients: CLIENTS } })
  const as = (token: string) => ({ headers: { 'x-prismacloud-proxy-token': token } })
  await call('/v2/policy', as(TOKENS.one))
  await call('/nowhere', as(TOKENS.one))
  await clock.advance(5_000)
  await until(async () => (await call('/_proxy/traffic', as(TOKENS.boss))).json().slots[0]?.requests === 2)
  t.match((await call('/_proxy/traffic', as(TOKENS.boss))).json(), {
    slots: [{ requests: 2, failed: 1 }],
    levels: { times: [Number], endpoints: [] },
  })
  t.match((await call('/_proxy/traffic', as(TOKENS.one))).json(), { status: 403, detail: /\.admin: true$/ })
  t.equal((await call('/_proxy/traffic')).status, 401)
  const host = `127.0.0.1:${port}`
  const head = `host: ${host}\r\nx-prismacloud-proxy-token: ${TOKENS.boss}\r\nconnection: close\r\n\r\n`
  t.match(await talk(port, `GET http://${host}/_proxy/traffic HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 4\d\d /)
})

t.test('a proxy that has ended leaves no timer', async t => {
  const { setTimeout, ...clock } = testClock()
  const pending = new Set<object>()
  const counted: Clock = {
    ...clock,
    setTimeout(run, ms) {
      const timer = setTimeout(run, ms)
      pending.add(timer)
      return timer
    },
    clearTimeout(timer) {
      pending.delete(timer)
      clock.clearTimeout(timer)
    },
  }
  const { app, port } = await startProxy(t, { upstream: 'https://nothing.invalid', clock: counted })
  t.ok(pending.size > 0)
  await follow(t, port)
  await app.close()
  t.equal(pending.size, 0)
})

t.test('with inspect.enabled: false there is no traffic', async t => {
  const { call } = await startPair(t, { config: { inspect: { enabled: false } } })
  t.equal((await call('/_proxy/traffic')).status, 404)
})
