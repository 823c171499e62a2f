import t from 'tap'
import { judgePath, withoutQuery } from '../../src/request/target.ts'
import { talk } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const get = (target: string) => `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`

t.test('a path and its query reach the upstream byte for byte', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const proxy = await startProxy(t, { upstream: upstream.url })
  const targets = [
    '/',
    '/?',
    '/v2/policy?b=1&a=2&b=0',
    '/a%2Fb/c%2fd',
    '/a//b///',
    '//host.example/x',
    '/a;v=1/b;c',
    '/a+b%20c?q=a+b%20c',
    '/twice%252Fencoded%255C%252e%252e/x',
    `/quotes'"\`?q='"\``,
    '/pipe|{}^?q=|[]^',
    '/latin1%e9%FF?q=%a0',
    '/stray%?q=%',
    '/stray%zz%f',
    '/a?x-injected:%20y=%0D%0A&z=%23%00',
    '/resource/a%23b',
    '/resource/a%3Fb%26c',
    '/resource/%E2%80%93/%C3%A9/%F0%9F%94%91',
    '/login/history',
    '/loginhistory',
    '/ip_allow_list_login',
    '/authn/api/v1/oauth2/login',
    '/v2/policy?x=/login',
    '/v2/policy?auth_token/extend',
    '/v2/policy/auth_token_extend',
    '/x/authenticate',
    '/...b/..c/d../.e',
    '/x..%2Fy',
    '/%2525',
    '/a?x=/../b&y=\\&z=%00',
    '/a?/_proxy/x',
    '/_proxyx',
    '/_computer/x',
    '/x/_compute/y',
    '/x/_proxy/y',
    `/long?q=${'x'.repeat(16_384)}`,
  ]
  for (const target of targets) {
    t.match(await talk(proxy.port, get(target)), /^HTTP\/1\.1 200 /, target)
    t.equal(upstream.requests.at(-1)?.target, target)
  }
  t.equal(upstream.requests.length, targets.length)
})

t.test('a target that could mean something else at the upstream is rejected and never forwarded', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const proxy = await startProxy(t, { upstream: upstream.url })
  const targets = {
    '/..': /dot segment/,
    '/a/../b': /dot segment/,
    '/a/./b': /dot segment/,
    '/a/%2e/b': /dot segment/,
    '/a/.': /dot segment/,
    '/a/%2e%2E/b': /dot segment/,
    '/a/.%2e': /dot segment/,
    '/a%2f..%2fb': /dot segment/,
    '/a/..;/b': /dot segment/,
    '/a/.;x=1/b': /dot segment/,
    '/a/%2e%2e%3b/b': /dot segment/,
    '/a\\b': /backslash/,
    '/a%5cb': /backslash/,
    '/a%00b': /control character/,
    '/a%0d%0ax-injected:%20y': /control character/,
    '/a%7f': /control character/,
    '/a%c2%85': /control character/,
    '/a%9b': /control character/,
    '/a%250a': /control character/,
    '/a%25250a': /control character/,
    '/a%u002fb': /invalid percent-encoding/,
    '/a%25u002fb': /invalid percent-encoding/,
    '/a%c0%afb': /invalid percent-encoding/,
    '/a%C1%81': /invalid percent-encoding/,
    '/a%C0': /invalid percent-encoding/,
    '/a%25c0%af': /invalid percent-encoding/,
    '/a%e0%80%af': /control character/,
    '/a#b': /fragment/,
    '/#': /fragment/,
    '/a?q=#': /fragment/,
    '/_proxy/livez#x': /fragment/,
    '/_proxy/livez?#x': /fragment/,
    '/_tenant/default#x': /fragment/,
    '/_compute#x': /fragment/,
    'http://localhost/a#b': /fragment/,
    'http://localhost/_proxy/livez#': /fragment/,
    [`/%${'25'.repeat(200)}`]: /too many ways/,
    'ftp://localhost/v2/policy': /target is not a path/,
    '*': /target is not a path/,
    '/%5fproxy/x': /proxy's own/,
    '/_%70roxy/status': /proxy's own/,
    '//_proxy/': /proxy's own/,
    '/%2f_proxy/': /proxy's own/,
    '/_PROXY/status': /proxy's own/,
    '/_proxy%2fstatus': /proxy's own/,
    '/_proxy/%zz': /proxy's own/,
    '/_proxy/livez%00': /control character/,
    '/_proxy%23x': /proxy's own/,
    '/_proxy/status%20': /proxy's own/,
    '/x/%252e%252e/_proxy': /proxy's own/,
    '//x/_proxy/status': /proxy's own/,
    '/_Tenant/default/x': /proxy's own/,
    '//_tenant/default/x': /proxy's own/,
    '/_tenant/default/_tenant/default/x': /proxy's own/,
    '/_tenant/default/_proxy/x': /proxy's own/,
    '//_compute/x': /proxy's own/,
    '/_Compute/x': /proxy's own/,
    '/%5fcompute/x': /proxy's own/,
    '/_compute/_compute/x': /proxy's own/,
    '/_tenant/default/%5Fproxy': /proxy's own/,
    '/_tenant/default//_proxy/status': /proxy's own/,
  }
  for (const [target, detail] of Object.entries(targets)) {
    const method = target === '*' ? 'OPTIONS' : 'GET'
    const answer = await talk(proxy.port, get(target).replace('GET', method))
    t.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/, target)
    t.match(answer, '"type":"/_proxy/problems/invalid-request"')
    t.match(answer, detail)
  }
  t.equal(upstream.requests.length, 0)
  t.equal(upstream.logins.length, 0, 'not even a session is asked for')
})

t.test('the HTTP parser rejects bytes that are invalid in a URI', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const proxy = await startProxy(t, { upstream: upstream.url })
  for (const target of ['/\xe9', '/a?q=\xff', '/a b', '/a\0b', '/a\x01', '/a\x7f']) {
    t.match(await talk(proxy.port, get(target)), /^HTTP\/1\.1 400 Bad Request\r\n/, target)
  }
  t.match(await talk(proxy.port, get('/\xe9')), /percent-encode/)
  t.equal(upstream.requests.length, 0)
})

t.test('the base path of a custom upstream is put before the path', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const proxy = await startProxy(t, { upstream: `${upstream.url}/gateway/prisma/` })
  await proxy.call('/v2/policy?x=1')
  await proxy.call('//x')
  t.strictSame(
    [...upstream.logins, ...upstream.requests].map(request => request.target),
    ['/gateway/prisma/login', '/gateway/prisma/v2/policy?x=1', '/gateway/prisma//x'],
  )
})

t.test('auth calls never reach the upstream, in whatever spelling', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', [], 'a token')))
  const proxy = await startProxy(t, { upstream: upstream.url })
  const targets = [
    '/login',
    '/Login/',
    '//login?x',
    '/%6cogin',
    '/login;x=1',
    '/auth_token//extend',
    '/auth_token;a/extend/',
    '/x/%252e%252e/auth_token/extend',
    '/%255cauth_token%255cextend',
    '/auth_token/extend%20',
    '/auth_token/extend/',
    '/auth_token/extend//',
    '/auth_token/extend.json',
    '/auth_token/extend/x',
    '/auth_token/extend%23x',
    '/auth_token/extend%2523x',
    '/auth_token/extend%3fx',
    '//host/auth_token/extend',
    '/v2/auth_token/extend',
    '/api/v1/login',
  ]
  for (const target of [...targets, ...targets.map(target => `/_tenant/default${target}`)]) {
    const text = await talk(proxy.port, get(target))
    t.match(text, /^HTTP\/1\.1 403 Forbidden\r\n/, target)
    t.match(text, '/_proxy/problems/policy-denied')
  }
  t.match((await proxy.call('/auth_token/extend', { method: 'POST' })).json(), { status: 403 })
  t.equal(upstream.requests.length + upstream.logins.length, 0)
  t.equal((await proxy.call('/login/history')).status, 200, 'what only begins so does')
})

t.test('the path has a limit of its own', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const proxy = await startProxy(t, { upstream: upstream.url })
  t.equal((await proxy.call(`/${'x'.repeat(4_095)}?${'x'.repeat(5_000)}`)).status, 200)
  t.match((await proxy.call(`/${'x'.repeat(4_096)}`)).json(), { status: 414, title: 'URI Too Long' })
  t.equal(upstream.requests.length, 1)
})

t.test('auth calls of Compute are rejected, and the detail says what to send instead', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const proxy = await startProxy(t, { upstream: upstream.url })
  const refused = async (method: string, path: string) => (await proxy.call(path, { method })).json()
  for (const path of [
    '/api/v1/authenticate',
    '/api/v34.01/authenticate',
    '/api/authenticate',
    '/x/api/v1/authenticate',
  ])
    t.match(await refused('POST', path), {
      status: 403,
      type: '/_proxy/problems/policy-denied',
      detail: /POST \/_compute\/api\/v1\/authenticate, .*host compute\.localhost/,
    })
  t.equal((await proxy.call('/_compute/api/v1/authenticate', { method: 'POST' })).status, 200, 'which is right')
  const host = { host: 'compute.localhost' }
  t.equal((await proxy.call('/api/v1/authenticate', { method: 'POST', headers: host })).status, 200, 'as this is')
})

t.test('judging a path returns its readings, with /_compute in front for Compute', async t => {
  t.throws(() => judgePath('/a/../b', false), { name: 'Problem', type: 'invalid-request', status: 400 })
  t.strictSame(judgePath('/A/b', false), { usual: '/a/b', all: ['/a/b'] })
  t.strictSame(judgePath('/a/%62', true), { usual: '/_compute/a/b', all: ['/_compute/a/b'] })
  t.equal(withoutQuery('/a?b?c'), '/a')
  t.equal(withoutQuery('/a#b?c'), '/a')
  t.equal(withoutQuery('/a'), '/a')
})
