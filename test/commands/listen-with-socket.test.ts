import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { App } from '../../src/app/app.ts'
import { listenWithSocket } from '../../src/commands/serve/listen.ts'
import { listenEverywhere, openApp } from '../../src/commands/serve/serve.ts'
import type { PassedSocket } from '../../src/commands/systemd/passed-sockets.ts'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createLog } from '../../src/kernel/log.ts'
import { TlsError } from '../../src/tls/identity.ts'
import { newFolder } from '../support/folder.ts'
import { fakeHost } from '../support/host.ts'
import { callUrl } from '../support/http.ts'
import { boundSocket, opened, portOf } from '../support/passed.ts'
import { issue, makeCa } from '../support/pki.ts'
import { simulate } from './rig.ts'

/** A socket that was passed for a key, at a free port or a path. */
async function passedFor(key: PassedSocket['key'], path?: string): Promise<PassedSocket> {
  const socket = await boundSocket(path === undefined ? { host: '127.0.0.1' } : { path })
  const address = path === undefined ? `127.0.0.1:${portOf(socket)}` : `unix:${path}`
  return { key, address, origin: 'socket 3 "http"', mode: path === undefined ? null : 0o600, socket: opened(socket) }
}

/** A proxy that does not listen yet, with sockets that were passed to it. */
async function appWith(
  t: Test,
  passed: readonly PassedSocket[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ app: App; config: Config }> {
  const { url } = await simulate(t)
  const host = fakeHost({ env: { PC_URL: url, PC_IDENTITY: 'an-id', PC_SECRET: 'a-key', ...env } })
  const config = await loadConfig({ ...host, passed })
  const app = await openApp(config, host, { log: createLog('silent', host.stdout, systemClock), audit: null })
  t.teardown(() => app.close())
  return { app, config }
}

t.test('sockets that were passed serve what their names say, and end with the proxy', async t => {
  const ca = await makeCa()
  const { cert, key } = await issue(ca, { names: ['localhost'] })
  const folder = t.testdir({ 'cert.pem': cert, 'key.pem': key })
  const passed = [
    await passedFor('listen.address'),
    await passedFor('listen.tlsAddress'),
    await passedFor('admin.address'),
  ]
  const { app, config } = await appWith(t, passed, {
    PRISMACLOUD_PROXY_LISTEN_TLS_CERT_FILE: join(folder, 'cert.pem'),
    PRISMACLOUD_PROXY_LISTEN_TLS_KEY_FILE: join(folder, 'key.pem'),
  })
  const { address, secure, admin } = await listenEverywhere(app, config, passed)
  t.strictSame(
    [address, secure, admin],
    [`http://${passed[0]?.address}`, `https://${passed[1]?.address}`, `http://${passed[2]?.address}`],
  )
  const ask = (url: string | null) => callUrl(`${url}/_proxy/livez`.replace('127.0.0.1', 'localhost'), { ca: ca.cert })
  for (const url of [address, secure, admin]) t.equal((await ask(url)).status, 200, `${url}`)
  t.equal(await app.close(), true)
  for (const url of [address, secure, admin]) await t.rejects(ask(url), { code: 'ECONNREFUSED' })
})

t.test('a Unix socket that was passed stays where it is, for the next process', async t => {
  const path = join(newFolder(t), 'proxy.sock')
  const passed = [await passedFor('listen.address', path)]
  const { app, config } = await appWith(t, passed)
  t.equal((await listenEverywhere(app, config, passed)).address, `unix:${path}`)
  t.equal((await callUrl('http://localhost/_proxy/livez', { socketPath: path })).status, 200)
  await app.close()
  t.ok(existsSync(path))
})

t.test('a socket that is a connection is refused with the cure', async t => {
  const peer = createServer().listen(0, '127.0.0.1')
  await once(peer, 'listening')
  const connection = connect(Object(peer.address()).port, '127.0.0.1')
  t.teardown(() => {
    connection.destroy()
    peer.close()
  })
  await once(connection, 'connect')
  const { app } = await appWith(t, [])
  await t.rejects(listenWithSocket(app, '127.0.0.1:9080', connection), {
    name: 'ListenError',
    message:
      'cannot listen with the socket that was passed for 127.0.0.1:9080: EINVAL; pass a socket that listens: ListenStream= and Accept=no in the .socket unit',
  })
  const withoutCertificate = { listen: () => Promise.reject(new TlsError('is bad')) }
  await t.rejects(listenWithSocket(withoutCertificate, '127.0.0.1:9443', connection), new TlsError('is bad'))
})
