import { join } from 'node:path'
import t from 'tap'
import { newFolder } from '../support/folder.ts'
import { callUrl } from '../support/http.ts'
import { issue, makeCa } from '../support/pki.ts'
import { run, simulate } from './rig.ts'

t.test('API hosts are served with the local CA, whether https is, and with whose certificate', async t => {
  const { url } = await simulate(t)
  const { cert, key } = await issue(await makeCa(), { names: ['localhost'] })
  const folder = t.testdir({ 'cert.pem': cert, 'key.pem': key })
  const connect = { PC_URL: url, XDG_STATE_HOME: folder, PRISMACLOUD_PROXY_CONNECT_ENABLED: 'true' }
  const tlsAddress = { PRISMACLOUD_PROXY_LISTEN_TLS_ADDRESS: '127.0.0.1:0' }
  const given = {
    PRISMACLOUD_PROXY_LISTEN_TLS_CERT_FILE: join(folder, 'cert.pem'),
    PRISMACLOUD_PROXY_LISTEN_TLS_KEY_FILE: join(folder, 'key.pem'),
  }
  for (const [env, isSecure] of [
    [{}, false],
    [{ ...tlsAddress, PRISMACLOUD_PROXY_LISTEN_TLS: 'auto' }, true],
    [{ ...tlsAddress, ...given }, true],
  ] as const) {
    const { host, listening, ended } = run(t, { ...connect, ...env })
    await listening()
    await host.stdout.until(/to trust it: curl --cacert \S+ca\.pem/)
    t.equal(/listening at https:/.test(host.stdout.text), isSecure)
    host.signals.emit('SIGTERM')
    t.equal(await ended(), 0)
  }
})

t.test('admin.address is listened on, too: a port, both loopback addresses, or a socket', async t => {
  const { url } = await simulate(t)
  const socket = join(newFolder(t), 'admin')
  for (const [address, at] of [
    ['127.0.0.1:0', ['127.0.0.1']],
    ['localhost:0', ['127.0.0.1', '[::1]']],
    [`unix:${socket}`, []],
  ] as const) {
    const { host, ended } = run(t, { PC_URL: url, PRISMACLOUD_PROXY_ADMIN_ADDRESS: address })
    const text = await host.stdout.until(/listening at \S+ for probes and metrics/)
    const [, port] = /:(\d+) for probes/.exec(text) ?? []
    for (const name of at) t.equal((await callUrl(`http://${name}:${port}/_proxy/livez`)).status, 200)
    if (at.length === 0) t.equal((await callUrl('http://localhost/_proxy/livez', { socketPath: socket })).status, 200)
    host.signals.emit('SIGTERM')
    t.equal(await ended(), 0)
    for (const name of at) await t.rejects(callUrl(`http://${name}:${port}/_proxy/livez`), { code: 'ECONNREFUSED' })
  }
})

t.test('where admin.address is taken it does not start, and says which flag to change', async t => {
  const { url } = await simulate(t)
  const { host, ended } = run(t, { PC_URL: url, PRISMACLOUD_PROXY_ADMIN_ADDRESS: new URL(url).host })
  t.equal(await ended(), 1)
  t.match(host.stderr.text, /already in use.*--admin-address/)
})
