import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { call, talk } from '../support/http.ts'
import { startCli } from '../support/process.ts'
import { http, type RawRequest, rawUpstream } from '../support/upstream.ts'

const SECRET_KEY = 'MARK-secret-key-of-the-tenant'
const ACCESS_KEY = 'MARK-access-key-of-the-tenant'
const CLIENT_TOKEN = 'MARK-token-of-the-client'
const SESSION_TOKEN = `MARKheader.${Buffer.from('{"exp":4102444800,"iat":4102444200}').toString('base64url')}.signature`

/** An upstream that tells all it was sent, wherever there is room for it. */
function echo({ target, head, answer, socket }: RawRequest): void {
  const token = /x-redlock-auth: (\S+)/i.exec(head)?.[1] ?? ''
  const headers = [`x-echo: ${token}`, `x-redlock-auth: ${token}`, `set-cookie: token=${token}`]
  const status = JSON.stringify([{ i18nKey: token, severity: 'error', subject: token }])
  const answers: Record<string, string> = {
    '/': http('200 OK', headers),
    '/good': http('200 OK', headers, '{}'),
    '/trailers': `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-echo: ${token}\r\n\r\n`,
    '/redirect': http('302 Found', [`location: /x?token=${token}`, ...headers]),
    '/error': http('400 Bad', [...headers, `x-redlock-status: ${status}`], head),
    '/json': http('500 Oops', headers, JSON.stringify({ message: token })),
    '/html': http('502 Oops', ['content-type: text/html'], `<p>${token}</p>`),
    '/nonsense': `NONSENSE ${token}\r\n\r\n`,
    '/401': http('401 Unauthorized', headers, head),
  }
  const text = answers[target]
  if (text) answer(text)
  else socket.destroy()
}

/** An answer to who asks about the access key, which quotes all that was sent. */
function tellKey({ target, head, answer }: RawRequest): void {
  const status = JSON.stringify([{ i18nKey: 'non_existing_access_key', severity: 'error', subject: target }])
  answer(http('500 Oops', [`x-echo: ${target}`, `x-redlock-status: ${status}`], head))
}

async function start(t: Test, login?: (request: RawRequest) => unknown) {
  const granted = http('200 OK', [], JSON.stringify({ token: SESSION_TOKEN, message: 'login_successful' }))
  const upstream = await rawUpstream(t, echo, {
    login: async request => {
      await request.body()
      return login ? login(request) : request.answer(granted)
    },
    key: tellKey,
  })
  const dir = t.testdir({ token: CLIENT_TOKEN })
  const file = join(dir, 'config.yaml')
  writeFileSync(file, `clients: {ci: {tokenFile: ${dir}/token}}\nlog: {level: trace, requests: all}\n`)
  const env = { PC_URL: upstream.url, PC_IDENTITY: ACCESS_KEY, PC_SECRET: SECRET_KEY }
  const cli = startCli(t, ['start', '--config', file, '--listen-address', '127.0.0.1:0'], env)
  const [, port] = await cli.until(/listening at http:\/\/127\.0\.0\.1:(\d+)/)
  return { cli, port: Number(port), env, file }
}

t.test('no key and no token is in anything that comes out, whatever happens', async t => {
  const { cli, port, env, file } = await start(t)
  const seen: string[] = []
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const asked = { 'x-prismacloud-proxy-token': CLIENT_TOKEN, ...headers }
    const reply = await call(port, path, { method, headers: asked })
    seen.push([reply.status, ...reply.rawHeaders, JSON.stringify(reply.trailers), reply.text].join('\n'))
  }
  const upstreams = ['/good', '/trailers', '/redirect', '/error', '/json', '/html', '/nonsense', '/401', '/gone']
  for (const path of upstreams) await ask(path)
  const own = ['/_proxy/status', '/_proxy/metrics', '/_proxy/readyz', '/_proxy/problems/', '/_proxy/nowhere']
  for (const path of own) await ask(path)
  await ask('/good', { 'x-prismacloud-proxy-token': 'MARK-wrong' })
  await ask('/good', { authorization: `Bearer ${CLIENT_TOKEN}` })
  await ask('/good', { 'x-prismacloud-tenant': CLIENT_TOKEN.slice(0, 5) })
  for (const path of ['/login', '/auth_token/extend', '/access_keys']) await ask(path, {}, 'POST')
  // byte-exact, but for the headers
  for (const path of ['/good', '/html']) await ask(path, { accept: 'text/html', host: 'localhost' })
  const passed = await call(port, '/error', {
    headers: { 'x-prismacloud-proxy-token': CLIENT_TOKEN, 'x-prismacloud-proxy-errors': 'passthrough' },
  })
  seen.push(passed.rawHeaders.join('\n'))
  seen.push(
    await talk(port, `GET /good HTTP/1.1\r\nhost: a\r\nx-prismacloud-proxy-token: ${CLIENT_TOKEN}\r\n: bad\r\n\r\n`),
  )
  writeFileSync(file, `log: {level: trace}\nclients: {ci: {tokenFile: ${SECRET_KEY}`)
  cli.process.kill('SIGHUP')
  await cli.until(/config\.yaml:\d+/)
  for (const name of ['cmdline', 'comm', 'status']) seen.push(readFileSync(`/proc/${cli.process.pid}/${name}`, 'utf8'))
  t.match(cli.output(), 'cannot tell when the access key expires')
  const check = startCli(t, ['check'], env)
  await check.ended
  t.match(
    check.output(),
    /^- access key +cannot tell when it expires: \S+ returned 500: non_existing_access_key: .access_keys.\[secret\]$/m,
  )
  seen.push(check.output())
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
  seen.push(cli.output())
  for (const [index, text] of seen.entries())
    t.notMatch(text, /MARK-(secret|access|token)|MARKheader/, `output ${index}`)
  t.match(seen.join('\n'), /\[secret\]/, 'the upstream did tell, and it was taken out')
})

t.test('nor when the login itself is refused, and its answer quotes the key', async t => {
  const body = JSON.stringify({ message: `no such key ${ACCESS_KEY} ${SECRET_KEY}` })
  const { cli } = await start(t, request => request.answer(http('401 Unauthorized', [`x-echo: ${SECRET_KEY}`], body)))
  t.equal(await cli.ended, 3)
  t.notMatch(cli.output(), /MARK-(secret|access|token)/)
})
