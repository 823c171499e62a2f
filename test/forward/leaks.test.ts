import { gzipSync, unzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { Secret } from '../../src/kernel/secret.ts'
import type { Reply } from '../support/http.ts'
import { clientOf, startProxy } from '../support/proxy.ts'
import { codings, forms, formsIn, TOKEN } from '../support/quoted.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const STATUSES = [400, 403, 404, 409, 500]

const CLIENT_TOKEN = 'token-of-the-client-ci-which-is-long'
const ACCESS_KEY_ID = '6f1d2c3b-4a59-4e8d-9c7b-0a1b2c3d4e5f'
const SECRET_KEY = 'k3y+/With=28characters8again'
const SECRETS = [TOKEN, SECRET_KEY, CLIENT_TOKEN]

/** How the tenant's key is known. */
const credentials = {
  origin: 'test',
  kind: 'fixed',
  read: async () => ({ accessKeyId: new Secret(ACCESS_KEY_ID), secretKey: new Secret(SECRET_KEY) }),
} as const

/** An answer that quotes something, by where it does. */
const places: Readonly<Record<string, (quoted: string) => { headers?: string[]; body?: string }>> = {
  message: quoted => ({ body: `{"message":"${quoted}"}` }),
  'error object': quoted => ({ body: `{"error":{"code":"${quoted}","message":"a","target":"${quoted}"}}` }),
  'another member': quoted => ({ body: `{"message":"a","request":{"headers":["${quoted}"]}}` }),
  'the name of a member': quoted => ({ body: `{"message":"a","${quoted}":1}` }),
  'a list': quoted => ({ body: `["a","${quoted}"]` }),
  'a string': quoted => ({ body: `"${quoted}"` }),
  'a problem document': quoted => ({
    headers: ['content-type: application/problem+json'],
    body: `{"type":"a","title":"${quoted}","detail":"${quoted}","more":"${quoted}"}`,
  }),
  Compute: quoted => ({ body: `{"err":"${quoted}"}` }),
  text: quoted => ({ body: `upstream error: ${quoted}` }),
  'broken JSON': quoted => ({ body: `{"message":"${quoted}` }),
  'the title of a page': quoted => ({ headers: ['content-type: text/html'], body: `<title>${quoted}</title>` }),
  'x-redlock-status': quoted => ({ headers: [`x-redlock-status: [{"i18nKey":"${oneLine(quoted)}"}]`] }),
  'the request id': quoted => ({ headers: [`x-redlock-request-id: ${oneLine(quoted)}`] }),
  'other headers': quoted => ({
    headers: [`location: /x?${oneLine(quoted)}`, `www-authenticate: Basic realm="${oneLine(quoted)}"`],
  }),
}

function oneLine(text: string): string {
  return text.replace(/[\0\r\n]/g, '')
}

/**
 * A proxy before an upstream that answers what it is given, and all that comes out of the proxy but its answers. `keys`
 * answers the proxy when it asks about its access key.
 */
async function start(t: Test, tokens = [TOKEN], keys: string[] = []) {
  const answers: string[] = []
  const upstream = await rawUpstream(t, request => request.answer(answers.shift() ?? http('500 None left')), {
    async login(request) {
      await request.body()
      request.answer(http('200 OK', [], JSON.stringify({ token: tokens.shift() })))
    },
    key: request => request.answer(keys.shift() ?? http('500 None left')),
  })
  const audited: string[] = []
  let asked = 0
  const proxy = await startProxy(t, {
    upstream: upstream.url,
    tenants: { default: { credentials } },
    asksAboutKeys: true,
    audit: { write: line => void audited.push(line) },
    config: { clients: [clientOf('ci', CLIENT_TOKEN)], log: { requests: 'all' }, retry: { attempts: 0 } },
  })
  const ask = (answer: string | readonly string[], headers: Record<string, string> = {}, path = '/x') => {
    answers.push(...[answer].flat())
    asked++
    return proxy.call(path, { headers: { 'x-prismacloud-proxy-token': CLIENT_TOKEN, ...headers } })
  }
  const all = async () => {
    await until(() => audited.length === asked)
    const own = ['/_proxy/status', '/_proxy/metrics', '/_proxy/readyz'].map(path =>
      proxy.call(path, { headers: { 'x-prismacloud-proxy-token': CLIENT_TOKEN } }),
    )
    return JSON.stringify([proxy.log, audited, (await Promise.all(own)).map(outputOf)])
  }
  return { ...proxy, ask, all, upstream }
}

/** All of an answer, and what is in it. */
function outputOf({ rawHeaders, trailers, body, headers }: Reply): string {
  const text = headers['content-encoding'] === undefined ? body : decoded(body)
  return [...rawHeaders, JSON.stringify(trailers), body.toString('latin1'), text.toString('latin1')].join('\n')
}

function decoded(body: Buffer): Buffer {
  try {
    return decoded(unzipSync(body))
  } catch {
    return body
  }
}

const PASSTHROUGH = { 'x-prismacloud-proxy-errors': 'passthrough' }

/** How a client may ask, each in its turn. */
const asking = [{}, PASSTHROUGH, { accept: 'text/plain' }, PASSTHROUGH, { accept: 'text/html' }]

function nth<T>(list: readonly T[], turn: number): T {
  return list[turn % list.length] as T
}

for (const [place, quote] of Object.entries(places)) {
  t.test(`no secret comes out that an error quotes here: ${place}`, async t => {
    const { ask, all } = await start(t)
    const outputs: string[] = []
    let turn = 0
    for (const [form, write] of Object.entries(forms)) {
      for (const secret of SECRETS) {
        const [name, { headers: labels, encode }] = nth(Object.entries(codings), turn)
        const { headers = [], body = '' } = quote(write(secret))
        const answer = http(`${nth(STATUSES, turn)} Bad`, [...labels, ...headers], encode(body).toString('latin1'))
        const reply = await ask(answer, nth(asking, turn))
        outputs.push(outputOf(reply))
        t.strictSame(formsIn(outputOf(reply), secret), [], `${form}, ${name}`)
        turn++
      }
    }
    const rest = await all()
    for (const secret of SECRETS) t.strictSame(formsIn(rest, secret), [])
    t.match(outputs.join('\n'), '[secret]', 'the upstream did tell, and it was taken out')
  })
}

t.test('what is passed on is what came where it holds no secret, and else decoded', async t => {
  const { ask } = await start(t)
  const gzip = ['content-encoding: gzip', 'etag: "a"']
  const body = gzipSync('{"message":"nothing"}')
  const reply = await ask(http('400 Bad', gzip, body.toString('latin1')), PASSTHROUGH)
  t.strictSame(reply.body, body)
  t.match(reply.headers, { 'content-encoding': 'gzip', etag: '"a"' })
  const quoting = gzipSync(`{"message":"no ${TOKEN}"}`).toString('latin1')
  const masked = await ask(http('400 Bad', gzip, quoting), PASSTHROUGH)
  t.match(masked, { status: 400, text: '{"message":"no [secret]"}', headers: { 'content-length': '25' } })
  t.notOk('content-encoding' in masked.headers || 'etag' in masked.headers)
})

t.test('an error that cannot be read is not passed on, but told as any other', async t => {
  const { ask } = await start(t)
  for (const [name, { headers, encode, isReadable }] of Object.entries(codings)) {
    if (isReadable) continue
    const answer = http('403 No', headers, encode(`{"message":"${'nothing '.repeat(9)}"}`).toString('latin1'))
    const reply = await ask(answer, PASSTHROUGH)
    t.match(reply, { status: 403, headers: { 'content-type': 'application/problem+json' } }, name)
    t.match(reply.json(), { detail: /^The upstream returned (binary data|data that cannot be decompressed)/ }, name)
  }
})

t.test('a long error is passed on as far as it is read, with no part of a secret at its end', async t => {
  const { ask } = await start(t)
  const long = (length: number) => `${'x'.repeat(length)}${TOKEN}`
  t.match(await ask(http('400 Bad', [], long(200_000)), PASSTHROUGH), { status: 400, text: /^x{200000}\[secret\]$/ })
  const endless = ask(http('400 Bad', [], long(262_144 - 100) + 'x'.repeat(99_999)), PASSTHROUGH)
  await t.rejects(endless, { code: 'ECONNRESET' }, 'what is cut off does not look whole')
  const told = await ask(http('400 Bad', [], JSON.stringify({ message: long(65_536 - 100) + 'x'.repeat(99_999) })))
  t.strictSame(formsIn(outputOf(told), TOKEN), [])
})

t.test('an answer that is no error has headers and trailers without the token', async t => {
  const { ask, all } = await start(t)
  const chunked = (...headers: string[]) =>
    ['HTTP/1.1 200 OK', ...headers, 'transfer-encoding: chunked', '', '2', '{}', '0', `x-t: a ${TOKEN}`, '', ''].join(
      '\r\n',
    )
  const quoting = ['plain', 'upper case', 'URL', 'base64', 'hex'].map(form => forms[form]?.(TOKEN) ?? t.fail())
  for (const quoted of quoting) {
    const reply = await ask(chunked(`x-echo: ${quoted}`, `link: </x?${quoted}>`))
    t.strictSame(formsIn(outputOf(reply), TOKEN), [])
    t.match(reply, { status: 200, headers: { link: /<.x\?\[secret\].{0,2}>/ }, trailers: { 'x-t': 'a [secret]' } })
    const moved = await ask(http('302 Found', [`location: https://other.example/?t=${quoted}`]))
    t.match(moved.headers.location, /^https:\/\/other\.example\/\?t=\[secret\].{0,2}$/)
  }
  const early = `HTTP/1.1 103 Early Hints\r\nlink: <${TOKEN}>\r\n\r\n${http('200 OK')}`
  t.equal((await ask(early)).headers.link, undefined)
  t.strictSame(formsIn(await all(), TOKEN), [])
})

t.test('no token comes out that the request carried, though another took its place', async t => {
  const [first, second] = [TOKEN, Buffer.from(TOKEN).toReversed().toString()]
  for (const headers of [{}, PASSTHROUGH]) {
    const { ask, all } = await start(t, [first, second, 'a-third-token-that-is-not-quoted'])
    const refusal = http('401 Unauthorized', [], JSON.stringify({ message: `${first} expired, so did ${second}` }))
    // it is sent three times at the most, and an extension is tried between
    const answers = [http('401 Unauthorized', [], '{"message":"token expired"}'), refusal, refusal, refusal]
    const reply = await ask(answers, headers)
    t.match(reply, { status: 401, text: /\[secret\] expired, so did \[secret\]/ })
    const output = outputOf(reply) + (await all())
    t.strictSame([...formsIn(output, first), ...formsIn(output, second)], [])
  }
})

t.test('nor does one that the API quotes where it tells of the Compute console', async t => {
  const hosts = '/_compute/api/v1/hosts'
  for (const answer of [
    http('403 Forbidden', [`x-redlock-status: [{"i18nKey":"${TOKEN}"}]`], `{"message":"${TOKEN}"}`),
    http('200 OK', [], JSON.stringify({ twistlockUrl: TOKEN })),
    http('200 OK', [], JSON.stringify({ twistlockUrl: `https://console.example/${TOKEN}` })),
    http('200 OK', [], JSON.stringify({ twistlockUrl: `https://${TOKEN}.example/` })),
  ]) {
    for (const headers of [{}, PASSTHROUGH]) {
      const { ask, all } = await start(t)
      const reply = await ask(answer, headers, hosts)
      t.ok(reply.status >= 400)
      t.strictSame(formsIn(outputOf(reply) + (await all()), TOKEN), [])
    }
  }
})

t.test('nor is an access key told, or the token, that the API quotes where it is asked about the key', async t => {
  let turn = 0
  let output = ''
  for (const [form, write] of Object.entries(forms)) {
    for (const secret of [TOKEN, ACCESS_KEY_ID]) {
      const [place, quote] = nth(Object.entries(places), turn)
      const { headers = [], body = '' } = quote(write(secret))
      const { ask, all, log } = await start(t, [TOKEN], [http(`${nth(STATUSES, turn)} Bad`, headers, body)])
      t.equal((await ask(http('200 OK'))).status, 200)
      await until(() => log.some(({ msg }) => /cannot tell when the access key expires/.test(`${msg}`)))
      const told = await all()
      t.strictSame(formsIn(told, secret), [], `${place}, ${form}`)
      output += told
      turn++
    }
  }
  t.match(output, '[secret]', 'the upstream did tell, and it was taken out')
})
