import { once } from 'node:events'
import t, { type Test } from 'tap'
import { clientOf, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { openEvents } from './open-events.ts'

/** An open stream of events, and what has come of it. */
async function follow(t: Test, port: number, headers: Record<string, string> = {}) {
  const { response, text, leave } = await openEvents(t, port, headers)
  const ended = once(response, 'end').catch(() => {})
  const events = () =>
    [...text().matchAll(/^id: (.*)\nevent: (.*)\ndata: (.*)\n\n/gm)].map(([, id, event, data]) => ({
      eventId: `${id}`,
      event,
      ...JSON.parse(`${data}`),
    }))
  return { response, events, ended, text, leave }
}

t.test('each request is told of when it begins and when it ends', async t => {
  const { call, clock, port, simulator } = await startPair(t)
  simulator.fault({ kind: 'slow', delay: 500, path: '/v2/policy' })
  const reader = await follow(t, port)
  t.match(reader.response.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const answer = call('/v2/policy', { headers: { 'x-request-id': 'mine' } })
  await until(async () => {
    await clock.advance(50)
    return reader.events().length === 1
  })
  t.match(reader.events(), [{ event: 'request', eventId: /\/1$/, target: '/v2/policy', status: null }])
  await clock.advance(500)
  await answer
  await until(async () => {
    await clock.advance(50)
    return reader.events().length === 2
  })
  t.match(reader.events()[1], { number: 1, status: 200, change: undefined, requestHeaders: undefined })
})

t.test('a reader gets what is kept, and after it was away only what it has missed', async t => {
  const { call, clock, port } = await startPair(t)
  for (const n of [1, 2]) await call(`/v2/policy?${n}`)
  const first = await follow(t, port)
  await until(() => first.events().length === 2)
  const seen = `${first.events().at(-1)?.eventId}`
  first.leave()
  await call('/v2/policy?3')
  await clock.advance(50)
  const second = await follow(t, port, { 'last-event-id': seen })
  await until(() => second.events().length === 1)
  t.match(second.events(), [{ target: '/v2/policy?3', status: 200 }])
  for (const foreign of ['other/99', 'rubbish', `${seen.split('/')[0]}/x`]) {
    const other = await follow(t, port, { 'last-event-id': foreign })
    await until(() => other.events().length === 3)
  }
})

t.test('a client is told of its own requests', async t => {
  const [one, other] = ['one-token-of-16-characters', 'other-token-of-16-characters']
  const { call, port } = await startPair(t, { config: { clients: [clientOf('one', one), clientOf('other', other)] } })
  for (const token of [one, other])
    await call(`/v2/policy?${token}`, { headers: { 'x-prismacloud-proxy-token': token } })
  const reader = await follow(t, port, { 'x-prismacloud-proxy-token': other })
  await until(() => reader.events().length === 1)
  t.match(reader.events(), [{ client: 'other' }])
  t.equal((await call('/_proxy/events')).status, 401)
})

t.test('something is sent every 15 seconds', async t => {
  const { clock, port } = await startPair(t)
  const reader = await follow(t, port)
  const comments = () => reader.text().match(/^:$/gm)?.length
  await until(() => comments() === 1)
  for (let n = 0; n < 31; n++) await clock.advance(1000)
  await until(() => comments() === 3)
})

t.test('a few may follow at one time, and who leaves makes room', async t => {
  const { call, port } = await startPair(t)
  const readers = await Promise.all(Array.from({ length: 20 }, () => follow(t, port)))
  t.match(await call('/_proxy/events'), { status: 503, text: /No more than 20 may follow/ })
  readers[0]?.leave()
  await until(async () => {
    const { response, leave } = await follow(t, port)
    leave()
    return response.statusCode === 200
  })
})

t.test('streams end when the proxy shuts down', async t => {
  const { app, port } = await startPair(t)
  const reader = await follow(t, port)
  t.equal(app.outstanding().requests, 0, 'they do not count as requests to wait for')
  t.equal(await app.close(), true, 'nothing was cut off')
  await reader.ended
})
