import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { CALL_TIMEOUT, deadOrigin, KEY, upstream } from '../session/upstream.ts'

const TOKEN = new Secret('MARK-old')
const claims = Buffer.from(JSON.stringify({ iat: 100, exp: 400 })).toString('base64url')
const ISSUED = `e30.${claims}.MARK`
const tenants = (...names: unknown[]) => names.map(customerName => ({ customerName, prismaId: '1', tosAccepted: true }))

const json = (value: unknown) => JSON.stringify(value)

t.test('a login sends the access key as JSON and returns the token with its lifetime', async t => {
  const { auth, requests, clock } = await upstream(t, response =>
    response.end(json({ token: ISSUED, message: 'login_successful', customerNames: tenants('Acme') })),
  )
  const issued = await auth.login(KEY)
  t.equal(issued.token.reveal(), ISSUED)
  t.equal(issued.lifetime, 300_000)
  const [{ request, body } = { request: undefined, body: '' }] = requests
  t.match(request, { method: 'POST', url: '/login' })
  t.match(request?.headers, { accept: 'application/json', 'content-type': 'application/json' })
  t.strictSame(JSON.parse(body), { username: 'MARK-key-id', password: 'MARK-key/+=' })
  t.equal(clock.pending, 0)
})

t.test('an extension sends the live token and returns a new one', async t => {
  const { auth, requests } = await upstream(t, response => response.end(json({ token: ISSUED })))
  const issued = await auth.extend(TOKEN)
  t.equal(issued.token.reveal(), ISSUED)
  t.match(requests, [
    { request: { method: 'GET', url: '/auth_token/extend', headers: { 'x-redlock-auth': 'MARK-old' } } },
  ])
})

t.test('the calls go to paths below the base path', async t => {
  const { auth, requests } = await upstream(t, response => response.end(json({ token: 'x' })), { basePath: '/prisma' })
  await auth.login(KEY)
  await auth.extend(TOKEN)
  t.strictSame(
    requests.map(({ request }) => request.url),
    ['/prisma/login', '/prisma/auth_token/extend'],
  )
})

const choices: [title: string, choice: { prismaId: string | null; customerName: string | null }, sent: object][] = [
  ['prismaId', { prismaId: '42', customerName: null }, { prismaId: '42' }],
  ['customerName', { prismaId: null, customerName: 'Acme' }, { customerName: 'Acme' }],
  ['prismaId if both are set', { prismaId: '42', customerName: 'Acme' }, { prismaId: '42' }],
]

for (const [title, choice, sent] of choices) {
  t.test(`a login names the tenant by ${title}`, async t => {
    const { auth, requests } = await upstream(t, response => response.end(json({ token: 'x' })), { choice })
    await auth.login(KEY)
    const { username: _, password: __, ...rest } = JSON.parse(requests[0]?.body ?? '')
    t.strictSame(rest, sent)
  })
}

t.test('200 without a token for a user of several tenants is rejected with their names', async t => {
  const body = json({ message: 'login_successful', customerNames: tenants('Acme', 'Acme Labs') })
  const { auth } = await upstream(t, response => response.end(body))
  t.match(await failureOf(auth.login(KEY)), {
    nature: 'rejected',
    reason: 'several-tenants',
    message: /several tenants: set customerName to one of "Acme", "Acme Labs", or prismaId/,
  })
  t.match(await failureOf(auth.extend(TOKEN)), { nature: 'transient' }, 'an extension has no choice of tenant')
})

t.test('a secret repeated in a response does not get into the message', async t => {
  const { auth } = await upstream(t, (response, body) => {
    const given = body === '' ? TOKEN.reveal() : body
    response.writeHead(400).end(json({ message: `refused: ${given}` }))
  })
  for (const failure of [await failureOf(auth.login(KEY)), await failureOf(auth.extend(TOKEN))]) {
    t.match(failure, { message: /refused: .*\[secret\]/ })
    t.notMatch(inspect(failure), /MARK/)
  }
})

t.test('a secret quoted in a response does not get into the message, in any encoding', async t => {
  const key = { accessKeyId: new Secret('access-key-id-0001'), secretKey: new Secret('k3y+/With=28characters8again') }
  const token = new Secret('e30.a-token-of-a-session.signature')
  const codings = [String, encodeURIComponent, (text: string) => Buffer.from(text).toString('base64')]
  for (const [secret, call] of [
    [key.accessKeyId, 'login'],
    [key.secretKey, 'login'],
    [token, 'extend'],
  ] as const) {
    for (const write of codings) {
      const body = gzipSync(json({ message: `no ${write(secret.reveal())}` }))
      const { auth } = await upstream(t, response => response.writeHead(401, { 'content-encoding': 'gzip' }).end(body))
      const failure = await failureOf(call === 'login' ? auth.login(key) : auth.extend(token))
      t.match(failure, { message: / \(401 no \[secret\].{0,3}\)$/ })
    }
  }
  const { auth } = await upstream(t, response =>
    response.end(json({ customerNames: tenants('Acme', key.secretKey.reveal()) })),
  )
  t.match(await failureOf(auth.login(key)), { message: /set customerName to one of "Acme", "\[secret\]", or prismaId/ })
})

const breaks: [title: string, answer: Parameters<typeof upstream>[1]][] = [
  ['closes the connection', response => response.destroy()],
  [
    'breaks off in the middle',
    response => {
      response.writeHead(200, { 'content-length': 100 }).write('{"token":', () => response.destroy())
    },
  ],
]

for (const [title, answer] of breaks) {
  t.test(`a host that ${title} is a transient failure`, async t => {
    const { auth, host } = await upstream(t, answer)
    t.match(await failureOf(auth.login(KEY)), {
      nature: 'transient',
      message: `POST /login: ${host} closed the connection before sending a complete response`,
    })
  })
}

t.test('a host that is not an HTTP server is a transient failure', async t => {
  const { auth } = await upstream(t, response => response.socket?.end('SSH-2.0-OpenSSH\r\n\r\n'))
  t.match(await failureOf(auth.extend(TOKEN)), {
    nature: 'transient',
    message: /GET .auth_token.extend: .* not valid HTTP/,
  })
})

t.test('a host that refuses connections is a transient failure', async t => {
  const api = { stack: null, console: null, origin: await deadOrigin(), basePath: '', from: 'custom' } as const
  const { auth } = await upstream(t, response => response.end(), { api })
  t.match(await failureOf(auth.login(KEY)), { nature: 'transient', message: /refuses connections/ })
})

const hangs: [title: string, answer: Parameters<typeof upstream>[1]][] = [
  ['never answers', () => {}],
  ['stops in the middle of its answer', response => response.writeHead(200).write('{')],
]

for (const [title, answer] of hangs) {
  t.test(`a host that ${title} is a transient failure once the deadline has passed`, async t => {
    const { auth, clock, asked, host } = await upstream(t, answer)
    const failure = failureOf(auth.login(KEY))
    await asked
    await clock.advance(CALL_TIMEOUT)
    t.match(await failure, { nature: 'transient', message: `POST /login: ${host} did not respond in time` })
    t.equal(clock.pending, 0)
  })
}

t.test('the caller can abort a call', async t => {
  const { auth, clock, asked } = await upstream(t, () => {})
  const controller = new AbortController()
  const calls = [auth.login(KEY, controller.signal), auth.extend(TOKEN, controller.signal)].map(failureOf)
  await asked
  controller.abort(new Error('left'))
  for (const failure of await Promise.all(calls)) t.match(failure, { nature: 'transient', cause: { message: 'left' } })
  t.equal(clock.pending, 0)
})
