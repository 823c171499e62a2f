import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { call } from '../support/http.ts'
import { type Ca, issue, makeCa } from '../support/pki.ts'
import { startCli } from '../support/process.ts'

/** What has Node.js verify nothing, and speak TLS 1.0, wherever a program does not say what it wants. */
const CARELESS = {
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
  NODE_OPTIONS: '--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0',
}

const KEY = { PC_IDENTITY: 'MARK-id', PC_SECRET: 'MARK-secret' }

const AT_ANY_PORT = ['--listen-address', '127.0.0.1:0', '--session-wait-timeout', '1s']

/** A server that nobody vouches for, unless its authority is told of, and how many requests came. */
async function secure(t: Test, { ca, ...options }: { ca?: Ca; maxVersion?: 'TLSv1.1' } = {}) {
  const requests: string[] = []
  const note: RequestListener = ({ method, url }, response) => {
    requests.push(`${method} ${url}`)
    response.end('{"token":"MARK.MARK.MARK"}')
  }
  // OpenSSL's own level of security would rule TLS 1.1 out
  const old = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  const identity = await issue(ca ?? (await makeCa()), { names: ['localhost'] })
  const server: Server = createServer({ ...identity, ...options, ...(options.maxVersion && old) }, note)
  server.on('connect', ({ url }, socket) => {
    requests.push(`CONNECT ${url}`)
    socket.end()
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, requests }
}

/** Has a proxy and `check` try to log in, and gives what they say and the status of a request. */
async function tryOut(t: Test, env: Readonly<Record<string, string>>) {
  const cli = startCli(t, AT_ANY_PORT, { ...KEY, ...CARELESS, ...env })
  const [, port] = await cli.until(/listening at http:\S+:(\d+)"/)
  await cli.until(/login failed/)
  const { status } = await call(Number(port), '/v2/policy')
  const check = startCli(t, ['check'], { ...KEY, ...CARELESS, ...env })
  const code = await check.ended
  t.notMatch(cli.output() + check.output(), /MARK/)
  return { status, code, log: cli.output(), check: check.output() }
}

t.test('no key goes to a host that nobody vouches for, whatever Node.js is told', { timeout: 60_000 }, async t => {
  const { url, requests } = await secure(t)
  const { status, code, log, check } = await tryOut(t, { PC_URL: url })
  t.strictSame(requests, [])
  t.equal(status, 503)
  t.equal(code, 1)
  t.match(log, /"level":40,[^\n]*NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored/)
  t.match(check, /^! configuration +NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored/m)
  t.match(check, /^✗ TLS +The certificate of localhost:\d+ is not signed by a known authority/m)
})

t.test('nor does a user’s password go to such an outbound proxy', { timeout: 60_000 }, async t => {
  const { url, requests } = await secure(t)
  const HTTPS_PROXY = url.replace('https://', 'https://user:MARK-password@')
  const { status, code, check } = await tryOut(t, { PC_URL: 'https://api.test', HTTPS_PROXY })
  t.strictSame(requests, [])
  t.match([status, code], [503, 1])
  t.match(
    check,
    /^✗ TLS +The outbound proxy failed: The certificate of localhost:\d+ is not signed by a known authority/m,
  )
})

t.test('nor to a host of another name', { timeout: 60_000 }, async t => {
  const ca = await makeCa()
  const { url, requests } = await secure(t, { ca })
  const PRISMACLOUD_PROXY_UPSTREAM_CA_FILE = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  const PC_URL = url.replace('localhost', '127.0.0.1')
  const { status, check } = await tryOut(t, { PC_URL, PRISMACLOUD_PROXY_UPSTREAM_CA_FILE })
  t.strictSame(requests, [])
  t.equal(status, 503)
  t.match(check, /^✗ TLS +The certificate of 127\.0\.0\.1:\d+ belongs to another name/m)
})

t.test('nor by a version of TLS that is no longer safe', { timeout: 60_000 }, async t => {
  const ca = await makeCa()
  const { url, requests } = await secure(t, { ca, maxVersion: 'TLSv1.1' })
  const PRISMACLOUD_PROXY_UPSTREAM_CA_FILE = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  const { status, check } = await tryOut(t, { PC_URL: url, PRISMACLOUD_PROXY_UPSTREAM_CA_FILE })
  t.strictSame(requests, [])
  t.equal(status, 503)
  t.match(check, /^✗ TLS +/m)
})

t.test('whom Node.js is told to trust is trusted beside those of upstream.caFile', { timeout: 60_000 }, async t => {
  const [ca, other] = [await makeCa('CN=Theirs'), await makeCa('CN=Other')]
  const { url } = await secure(t, { ca })
  const folder = t.testdir({ 'ca.pem': ca.cert, 'other.pem': other.cert })
  const env = { ...KEY, PC_URL: url, PRISMACLOUD_PROXY_UPSTREAM_CA_FILE: join(folder, 'other.pem') }
  const theirs = join(folder, 'ca.pem')
  for (const [told, says] of [
    [{ NODE_EXTRA_CA_CERTS: theirs }, /^✓ TLS +verified, TLSv1\.3, certificate of Throwaway server issued by Theirs/m],
    [{ NODE_OPTIONS: '--use-openssl-ca', SSL_CERT_FILE: theirs }, /^✓ TLS +verified/m],
    [{ SSL_CERT_FILE: theirs }, /^✗ TLS +The certificate of localhost:\d+ is not signed by a known authority/m],
  ] as const) {
    const check = startCli(t, ['check'], { ...env, ...told })
    await check.ended
    t.match(check.output(), says)
  }
})
