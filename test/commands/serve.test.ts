import { join } from 'node:path'
import t from 'tap'
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
