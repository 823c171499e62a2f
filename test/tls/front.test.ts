import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import { createLog } from '../../src/kernel/log.ts'
import { GRACE } from '../../src/server/drain.ts'
import { certify, makeAuthority } from '../../src/tls/authority.ts'
import { replaceAuthority } from '../../src/tls/authority-file.ts'
import { TlsFront } from '../../src/tls/front.ts'
import { type Identity, TlsError } from '../../src/tls/identity.ts'
import { LocalCertificates } from '../../src/tls/local-certificates.ts'
import { settle, testClock } from '../support/clock.ts'
import { dial, readAll } from '../support/http.ts'
import { type ProxyOptions, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { callSecurely, shakeHands } from './rig.ts'

/** How often certificates are checked, in milliseconds. */
const LOOK = 5_000

const authority = makeAuthority(Date.now())

/** A proxy with https, and an upstream that answers at once or when the test lets it. */
async function start(t: Test, options: Partial<ProxyOptions> & { answerAtOnce?: boolean } = {}) {
  const clock = testClock(Date.now())
  const { answerAtOnce = true, ...rest } = options
  const upstream = await rawUpstream(t, request => {
    if (answerAtOnce) request.answer(http('200 OK', [], 'fine'))
  })
  const folder = join(t.testdir(), 'state')
  const certificates = options.certificates ?? new LocalCertificates(folder, 'localhost', clock)
  const proxy = await startProxy(t, { upstream: upstream.url, clock, ...rest, certificates })
  const { front } = proxy.app
  if (!front) throw new Error('nothing listens for https')
  const port = Number(new URL(await front.listen({ host: '127.0.0.1', port: 0 })).port)
  const ca = () => readFileSync(join(folder, 'ca.pem'), 'utf8')
  return { ...proxy, front, securePort: port, plainPort: proxy.port, ca, clock, upstream, folder }
}

t.test('https is served next to http by the same server', async t => {
  const { securePort, ca, call, upstream, front, folder } = await start(t)
  t.equal((await call('/x')).status, 200)
  const answer = await callSecurely(securePort, '/y', ca())
  t.match(answer, { status: 200, text: 'fine' })
  t.match(upstream.requests.at(-1)?.head, /^GET \/y HTTP/)
  t.equal(front.trust, join(folder, 'ca.pem'))
})

t.test('tenants have host names with certificates', async t => {
  const { securePort, ca } = await start(t, { tenants: { default: {}, prod: {} } })
  t.equal((await callSecurely(securePort, '/', ca(), 'prod.localhost')).status, 200)
  t.equal((await callSecurely(securePort, '/', ca(), 'prod.localhost')).status, 200, 'and again')
  t.match((await callSecurely(securePort, '/', ca(), 'nobody.localhost')).json(), { type: /unknown-tenant/ })
})

t.test('requests are guarded as with http', async t => {
  const { securePort, ca } = await start(t)
  const ask = (...headers: string[]) => {
    const socket = connect({ port: securePort, host: '127.0.0.1', servername: 'localhost', ca: ca() })
    socket.write(['GET /x HTTP/1.1', ...headers, 'connection: close', '', ''].join('\r\n'))
    return readAll(socket)
  }
  const own = `localhost:${securePort}`
  t.match(await ask(`host: ${own}`, `origin: https://${own}`), /^HTTP\/1\.1 200/)
  t.match(await ask('host: example.com'), /host-not-allowed/)
  t.match(await ask(`host: ${own}`, 'origin: https://example.com'), /origin-not-allowed/)
  t.match(await ask(`host: ${own}`, 'a b'), /^HTTP\/1\.1 400/, 'rubbish too')
})

t.test('it speaks TLS 1.2 and 1.3 with strong ciphers, and HTTP/1.1', async t => {
  const { securePort, ca } = await start(t)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const options = { ca: ca(), minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] }
    const socket = await shakeHands(securePort, 'localhost', options)
    t.strictSame([socket.getProtocol(), socket.alpnProtocol], [version, 'http/1.1'])
    socket.destroy()
  }
  await t.rejects(shakeHands(securePort, 'localhost', { ca: ca(), ALPNProtocols: ['h2'] }), {
    code: /NO_APPLICATION_PROTOCOL/,
  })
  const weak = [
    // with @SECLEVEL=0 the client offers weak ciphers
    { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA256' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
  ] as const
  for (const options of weak) await t.rejects(shakeHands(securePort, 'localhost', { ca: ca(), ...options }))
})

t.test('a changed certificate is used for new connections; others stay open', async t => {
  const { securePort, ca, clock, folder, log } = await start(t)
  const kept = await shakeHands(securePort, 'localhost', { ca: ca() })
  const seen = async (host: string) => {
    const socket = await shakeHands(securePort, host, { ca: ca() })
    const { fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    return fingerprint256
  }
  const hosts = ['localhost', '127.0.0.1', 'prod.localhost']
  const before = await Promise.all(hosts.map(seen))
  t.strictSame(await Promise.all(hosts.map(seen)), before)
  await replaceAuthority(folder, clock.now())
  await clock.advance(LOOK)
  await until(() => log.some(({ msg }) => msg === 'reloaded the TLS certificate'))
  const after = await Promise.all(hosts.map(seen))
  for (const [index, host] of hosts.entries()) t.not(after[index], before[index], host)
  kept.write('GET /_proxy/livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  t.match(await readAll(kept), /^HTTP\/1\.1 200/)
})

t.test('an unusable certificate is logged once, and the old one stays in use', async t => {
  const good = certify(authority, ['localhost'], [], Date.now())
  let [fault, reads] = ['', 0]
  const read = async () => {
    reads++
    if (fault) throw new TlsError(fault)
    return good
  }
  const { securePort, clock, log } = await start(t, { certificates: { trust: null, forHost: () => undefined, read } })
  const look = async () => {
    const before = reads
    await clock.advance(LOOK)
    await until(() => reads > before)
    await settle()
  }
  const told = () =>
    log.filter(({ msg }) => /TLS certificate/.test(`${msg}`)).map(({ level, msg }) => `${level} ${msg}`)
  for (fault of ['is bad', 'is bad', 'is worse', '', 'is bad']) await look()
  const [bad, worse] = ['is bad', 'is worse'].map(
    what => `50 cannot reload the TLS certificate; still using the previous one: ${what}`,
  )
  t.strictSame(told(), [bad, worse, bad])
  t.equal((await callSecurely(securePort, '/', authority.root)).status, 200)
})

t.test('listen() rejects with an unusable certificate, or if the port is in use', async t => {
  const { securePort, app, clock } = await start(t)
  const read = () => Promise.reject(new TlsError('is bad'))
  const options = { clock, log: createLog('silent', process.stdout, clock), maxConnections: () => 1 }
  const certificates = { trust: null, forHost: () => undefined, read }
  const where = { host: '127.0.0.1', port: securePort }
  await t.rejects(new TlsFront(app.server.server, { ...options, certificates }).listen(where), { message: 'is bad' })
  const good = { ...certificates, read: async () => certify(authority, ['localhost'], [], Date.now()) }
  const other = new TlsFront(app.server.server, { ...options, certificates: good })
  await t.rejects(other.listen(where), { code: 'EADDRINUSE' })
  await other.close()
})

t.test('it checks no more certificates after close()', async t => {
  const identity = certify(authority, ['localhost'], [], Date.now())
  const reads: ((identity: Identity) => void)[] = []
  const read = () => new Promise<Identity>(resolve => reads.push(resolve))
  const starting = start(t, { certificates: { trust: null, forHost: () => undefined, read } })
  await until(() => reads.length === 1)
  reads[0]?.(identity)
  const { front, clock } = await starting
  await clock.advance(LOOK)
  t.equal(reads.length, 2)
  await front.close()
  reads[1]?.(identity)
  await clock.advance(LOOK)
  await clock.advance(LOOK)
  t.equal(reads.length, 2)
})

t.test('a client that does not finish its handshake is disconnected', async t => {
  const { securePort, ca, clock } = await start(t)
  const silent = dial(securePort)
  await once(silent, 'connect')
  const shaken = await shakeHands(securePort, 'localhost', { ca: ca() })
  const livez = (connection: string) =>
    `GET /_proxy/livez HTTP/1.1\r\nhost: localhost\r\nconnection: ${connection}\r\n\r\n`
  shaken.write(livez('keep-alive'))
  await once(shaken, 'data')
  await clock.advance(10_000)
  await readAll(silent)
  shaken.write(livez('close'))
  t.match(await readAll(shaken), /^HTTP\/1\.1 200/, 'and no other client is')
})

t.test('a client beyond the limit of connections gets a problem', async t => {
  const { securePort, port, ca } = await start(t, { config: { listen: { maxConnections: 2 } } })
  const held = dial(port)
  const heldToo = await shakeHands(securePort, 'localhost', { ca: ca() })
  const socket = await shakeHands(securePort, 'localhost', { ca: ca() })
  t.match(await readAll(socket), /^HTTP\/1\.1 503 .*overloaded/s)
  for (const each of [held, heldToo]) each.destroy()
})

t.test('in the grace period of a shutdown, https clients are served on kept and on new connections', async t => {
  const { app, securePort, ca, clock } = await start(t)
  const kept = await shakeHands(securePort, 'localhost', { ca: ca() })
  const get = 'GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n'
  kept.write(get)
  await once(kept, 'data')
  const closing = app.close({ grace: true })
  await clock.advance(100)
  kept.write(get)
  t.match(await readAll(kept), /^HTTP\/1\.1 200 OK\r\n(.*\r\n)?connection: close\r\n.*fine$/is)
  t.match(await callSecurely(securePort, '/y', ca()), { status: 200, headers: { connection: 'close' } })
  await clock.advance(GRACE)
  t.equal(await closing, true)
  await t.rejects(callSecurely(securePort, '/y', ca()), { code: 'ECONNREFUSED' })
})

t.test('close() waits for running requests, but not for idle connections', async t => {
  const { app, securePort, ca, upstream } = await start(t, { answerAtOnce: false })
  const answer = callSecurely(securePort, '/x', ca())
  await until(() => upstream.requests.length === 1)
  const idle = await shakeHands(securePort, 'localhost', { ca: ca() })
  const used = await shakeHands(securePort, 'localhost', { ca: ca() })
  used.write('GET /_proxy/livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await once(used, 'data')
  const half = dial(securePort)
  await once(half, 'connect')
  const closing = app.close()
  await Promise.all([readAll(idle), readAll(used), readAll(half)])
  await t.rejects(shakeHands(securePort, 'localhost', { ca: ca() }), { code: 'ECONNREFUSED' })
  upstream.requests[0]?.answer(http('200 OK', [], 'fine'))
  t.match(await answer, { status: 200, text: 'fine', headers: { connection: 'close' } })
  t.equal(await closing, true)
})

t.test('a connection that does not finish is closed', async t => {
  const { app, securePort, ca, upstream, clock } = await start(t, { answerAtOnce: false })
  const answer = callSecurely(securePort, '/x', ca())
  await until(() => upstream.requests.length === 1)
  const closing = app.close()
  await settle()
  await Promise.all([t.rejects(answer), clock.advance(10_000)])
  t.equal(await closing, false)
})
