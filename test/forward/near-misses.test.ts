import t, { type Test } from 'tap'
import { startPair, startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const SPRING = JSON.stringify({ timestamp: 'x', status: 404, error: 'Not Found', message: '', path: '/serach/config' })
const PAGE = '<!doctype html><html><head><title>404 Not Found</title></head><body>nginx</body></html>'
const HTML = ['content-type: text/html']

/** A proxy before an upstream, and a Compute console, that give one answer to everything. */
async function startBefore(t: Test, answer: string) {
  const upstream = await rawUpstream(t, ({ target, answer: reply }) =>
    reply(target === '/meta_info' ? http('200 OK', [], JSON.stringify({ twistlockUrl: upstream.url })) : answer),
  )
  return startProxy(t, { upstream: upstream.url })
}

t.test('a 404 or 405 to a request that no description has says what was probably meant, whatever its body', async t => {
  const advice = 'No API description has GET /serach/config; did you mean POST /search/config?'
  const rows: [status: string, headers: string[], body: string, detail: string][] = [
    ['404 Not Found', [], SPRING, `Not Found (/serach/config). ${advice}`],
    ['404 Not Found', [], '{"message":"No such thing."}', `No such thing. ${advice}`],
    ['404 Not Found', HTML, PAGE, `The upstream returned an HTML page: 404 Not Found. ${advice}`],
    ['404 Not Found', [], '', `The upstream returned an error without a reason. ${advice}`],
    ['405 Method Not Allowed', [], '', `The upstream returned an error without a reason. ${advice}`],
    ['404 Not Found', ['x-redlock-status: [{"i18nKey":"gone","subject":"x"}]'], '', `gone: x. ${advice}`],
  ]
  for (const [status, headers, body, detail] of rows) {
    const { call } = await startBefore(t, http(status, headers, body))
    const reply = await call('/serach/config?secret=1')
    t.equal(reply.status, Number(status.slice(0, 3)))
    t.match(reply.json(), { status: reply.status, detail, message: detail, didYouMean: ['POST /search/config'] })
    t.equal(reply.json().detail, detail)
    t.notMatch(reply.text, 'secret')
    t.equal(reply.headers['x-redlock-status'], headers.find(line => line.startsWith('x-redlock'))?.slice(18))
  }
})

t.test('for a path that has only other methods, it names these', async t => {
  const { call } = await startBefore(t, http('405 Method Not Allowed', ['allow: GET']))
  const reply = await call('/policy/p-1', { method: 'PATCH' })
  t.match(reply, { status: 405, headers: { allow: 'GET' } })
  const didYouMean = ['GET /policy/{id}', 'PUT /policy/{id}', 'DELETE /policy/{id}']
  t.match(reply.json(), {
    detail: new RegExp(`No API description has PATCH /policy/p-1; did you mean ${didYouMean.join(' or ')}\\?$`),
    didYouMean,
  })
})

t.test('for a path of another API, or one that is spelt differently, it names the template', async t => {
  const { call } = await startBefore(t, http('404 Not Found', [], '{"err":"not found"}'))
  const rows: [path: string, host: string, sent: string, meant: string][] = [
    ['/api/v1/images', 'localhost', '/api/v1/images', 'GET /_compute/api/v{version}/images'],
    ['/_compute/v2/policy', 'localhost', '/_compute/v2/policy', 'GET /v2/policy'],
    ['/_compute/api/images', 'localhost', '/_compute/api/images', 'GET /_compute/api/v{version}/images'],
    ['/api/images', 'compute.localhost', '/_compute/api/images', 'GET /_compute/api/v{version}/images'],
    ['/_tenant/default/alerts', 'localhost', '/_tenant/default/alerts', 'GET /alert'],
    ['/Alerts', 'localhost', '/Alerts', 'GET /alert'],
    ['/%61lerts/', 'localhost', '/%61lerts/', 'GET /alert'],
  ]
  for (const [path, host, sent, meant] of rows) {
    const document = (await call(path, { headers: { host } })).json()
    const detail = `not found. No API description has GET ${sent}; did you mean ${meant}?`
    t.match(document, { detail, didYouMean: [meant], ...(sent.startsWith('/_compute') && { err: detail }) })
  }
})

t.test('a 404 says no more if nothing is near, or the request is an operation', async t => {
  const { call } = await startBefore(t, http('404 Not Found', [], '{"message":"no"}'))
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['GET', '/policy/none'],
    ['DELETE', '/policy/none'],
    ['POST', '/search/config'],
    ['GET', '/_compute/api/v34.04/images'],
    ['GET', '/policy/none/x'],
  ] as const) {
    const document = (await call(path, { method })).json()
    t.equal(document.detail, 'no', path)
    t.notOk('didYouMean' in document, path)
  }
})

t.test('other errors say no more', async t => {
  for (const status of [
    '400 Bad Request',
    '401 Unauthorized',
    '403 Forbidden',
    '410 Gone',
    '500 Internal Server Error',
  ]) {
    const { call } = await startBefore(t, http(status, [], '{"message":"no"}'))
    const document = (await call('/alerts')).json()
    t.match(document, { status: Number(status.slice(0, 3)), detail: 'no' })
    t.notOk('didYouMean' in document, status)
  }
})

t.test('the error of a call that the proxy made first says no more', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('404 Not Found', [], '{"message":"no"}')))
  const { call } = await startProxy(t, { upstream: upstream.url })
  const document = (await call('/_compute/api/v1/image')).json()
  t.match(document, { status: 404, detail: 'no' })
  t.notOk('didYouMean' in document)
  t.strictSame(
    upstream.requests.map(({ target }) => target),
    ['/meta_info'],
  )
})

t.test('text and HTML say what was meant, too', async t => {
  const { call } = await startBefore(t, http('404 Not Found'))
  const body = async (accept: string, path = '/serach/config') => (await call(path, { headers: { accept } })).text
  t.match(await body('text/plain'), /GET \/serach\/config; did you mean POST \/search\/config\?\n/)
  t.match(await body('text/html'), 'GET /serach/config; did you mean POST /search/config?</p>')
  const odd = await body('text/html', '/policy/<b>/statuz/true')
  t.match(odd, 'GET /policy/&#60;b&#62;/statuz/true; did you mean PATCH /policy/{id}/status/{enabled}?</p>')
})

t.test('a long path is cut in the sentence, and a hint of the upstream’s own gives way', async t => {
  const problem = JSON.stringify({ type: 'about:blank', title: 'Missing', detail: 'Gone', didYouMean: 'x', more: 1 })
  const { call } = await startBefore(t, http('404 Not Found', [], problem))
  const long = (await call(`/policy/${'x'.repeat(1000)}/statuz/true`, { method: 'PATCH' })).json()
  t.match(long, { title: 'Missing', didYouMean: ['PATCH /policy/{id}/status/{enabled}'], more: 1 })
  t.match(long.detail, /^Gone\. No API description has PATCH \/policy\/x{286}…; did you mean PATCH /)
  t.match((await call('/nowhere')).json(), { didYouMean: 'x', more: 1 })
})

t.test('errors: passthrough leaves the answer as it came', async t => {
  const { call } = await startBefore(t, http('404 Not Found', ['x-more: 1'], SPRING))
  const reply = await call('/serach/config', { headers: { 'x-prismacloud-proxy-errors': 'passthrough' } })
  t.match(reply, { status: 404, text: SPRING, headers: { 'x-more': '1' } })
})

t.test('the simulator’s 404 is explained, and logged so', async t => {
  const { call, log } = await startPair(t)
  t.match((await call('/v2/polcy')).json(), { didYouMean: ['GET /v2/policy'] })
  t.match(log.at(-1)?.msg, /GET \/v2\/polcy 404: .*; did you mean GET \/v2\/policy\?$/)
})
