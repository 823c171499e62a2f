import t from 'tap'
import { talk } from '../support/http.ts'
import { clientOf, startPair, type TestProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

interface Listed {
  readonly requests: readonly Record<string, unknown>[]
  readonly next: number | null
}

async function list({ call }: Pick<TestProxy, 'call'>, query = '', token?: string): Promise<Listed> {
  const headers = token === undefined ? {} : { 'x-prismacloud-proxy-token': token }
  return (await call(`/_proxy/requests${query}`, { headers })).json() as Listed
}

const targets = ({ requests }: Listed) => requests.map(({ target }) => target)

t.test('the latest requests are listed, the newest first, without those to the proxy itself', async t => {
  const pair = await startPair(t)
  await pair.call('/v2/policy?private=1', { headers: { 'x-request-id': 'mine' } })
  await pair.call('/nowhere')
  await pair.call('/_proxy/livez')
  await until(async () => (await list(pair)).requests.every(({ status }) => status !== null))
  const { requests, next } = await list(pair)
  t.equal(next, null)
  t.match(requests, [
    { number: 2, target: '/nowhere', status: 404, problem: { type: 'upstream-error' }, operation: 'other' },
    { number: 1, id: 'mine', target: '/v2/policy?private=1', tenant: 'default', operation: '/v2/policy', status: 200 },
  ])
  t.notOk('requestHeaders' in Object(requests[0]), 'the list is short')
})

t.test('a request is found by its id, with its headers, in which no credential is shown', async t => {
  const pair = await startPair(t)
  const headers = { 'x-request-id': 'mine', authorization: 'Bearer MARK-token', cookie: 'MARK=1', 'x-own': 'shown' }
  await pair.call('/v2/policy', { headers })
  const reply = await pair.call('/_proxy/requests/mine')
  t.match(reply.json(), { id: 'mine', status: 200, upstreamRequestId: /^[0-9a-f-]{36}$/ })
  t.match(reply.text, /\["x-own","shown"\]/)
  t.match(reply.text, /\["content-type","application\/json/i, 'also those of the response')
  t.notMatch(reply.text, 'MARK')
  const [, token = 'none'] =
    pair.simulator.requests.at(-1)?.headers.find(([name]) => name.toLowerCase() === 'x-redlock-auth') ?? []
  t.notMatch(reply.text, token)
  t.match(await pair.call('/_proxy/requests/other'), { status: 404, text: /No request with this id is kept/ })
})

t.test('what the proxy responds itself is recorded, too', async t => {
  const pair = await startPair(t)
  await pair.call('/v2/policy', { headers: { 'x-prismacloud-tenant': 'nobody', 'x-request-id': 'mine' } })
  t.match((await pair.call('/_proxy/requests/mine')).json(), {
    status: 404,
    tenant: null,
    problem: { type: 'unknown-tenant' },
    times: { firstByte: Number, upstream: 0 },
  })
  t.match((await pair.call('/_proxy/requests/mine')).text, /\["content-type","application\/problem\+json/)
})

t.test('the list is filtered and comes in pages', async t => {
  const pair = await startPair(t)
  for (const n of [1, 2, 3, 4, 5]) await pair.call(n % 2 ? `/v2/policy?${n}` : `/nowhere?${n}`)
  t.same(targets(await list(pair, '?status=4xx')), ['/nowhere?4', '/nowhere?2'])
  t.same(targets(await list(pair, '?text=POLICY&method=get')), ['/v2/policy?5', '/v2/policy?3', '/v2/policy?1'])
  const first = await list(pair, '?text=policy&limit=2')
  t.same(targets(first), ['/v2/policy?5', '/v2/policy?3'])
  const second = await list(pair, `?text=policy&limit=2&before=${first.next}`)
  t.same(targets(second), ['/v2/policy?1'])
  t.equal(second.next, null)
})

t.test('a query that is not understood is rejected with the cure', async t => {
  const { call } = await startPair(t)
  for (const [query, detail] of [
    ['tennant=eu', /Unknown parameter .*tennant.* did you mean tenant\?/],
    ['anything=1', /use id, tenant, client, method, status, operation, problem, text, limit, before/],
    ['status=ok', /must be like 404, 4xx, aborted or running/],
    ['limit=-1', /limit must be a whole number/],
    ['before=x', /before must be a whole number/],
    ['tenant=a&tenant=b', /tenant may occur only once/],
  ] as const)
    t.match(await call(`/_proxy/requests?${query}`), { status: 400, text: detail }, query)
})

t.test('the list is there as HAR', async t => {
  const pair = await startPair(t)
  await pair.call('/v2/policy?x=1')
  const reply = await pair.call('/_proxy/requests.har?method=GET')
  t.match(reply.headers, { 'content-disposition': /filename="prismacloud-proxy\.har"/ })
  t.match(reply.json(), { log: { entries: [{ request: { url: `http://localhost:${pair.port}/v2/policy?x=1` } }] } })
})

t.test('a client sees its own requests, an admin all', async t => {
  const [one, other, boss] = ['one', 'other', 'boss'].map(name => `${name}-token-of-16-characters`)
  const clients = [clientOf('one', `${one}`), clientOf('other', `${other}`), clientOf('boss', `${boss}`, {}, true)]
  const pair = await startPair(t, { config: { clients } })
  const ask = (token: string | undefined, path: string, id: string) =>
    pair.call(path, { headers: { 'x-prismacloud-proxy-token': `${token}`, 'x-request-id': id } })
  await ask(one, '/v2/policy?one', 'id-one')
  await ask(other, '/v2/policy?other', 'id-other')
  t.same(targets(await list(pair, '', one)), ['/v2/policy?one'])
  t.same(targets(await list(pair, '', boss)), ['/v2/policy?other', '/v2/policy?one'])
  t.equal((await ask(one, '/_proxy/requests/id-other', 'x')).status, 404)
  t.equal((await ask(boss, '/_proxy/requests/id-other', 'x')).status, 200)
  t.equal((await pair.call('/_proxy/requests')).status, 401)
})

t.test('requests are not shown in absolute form', async t => {
  const { port } = await startPair(t)
  const host = `127.0.0.1:${port}`
  const answer = await talk(
    port,
    `GET http://${host}/_proxy/requests HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
  )
  t.match(answer, /^HTTP\/1\.1 4\d\d /)
  t.notMatch(answer, '"requests"')
})

t.test('with inspect.enabled: false nothing is kept or shown', async t => {
  const { call } = await startPair(t, { config: { inspect: { enabled: false } } })
  await call('/v2/policy', { headers: { 'x-request-id': 'mine' } })
  for (const path of ['/_proxy/requests', '/_proxy/requests/mine', '/_proxy/requests.har'])
    t.equal((await call(path)).status, 404, path)
})
