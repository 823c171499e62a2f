import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { callUrl, type UrlCallOptions } from '../support/http.ts'
import { issue, makeCa } from '../support/pki.ts'
import { run, startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

/** A proxy that listens for https at a free port. */
async function startSecurely(t: Test, args: readonly string[], env: Readonly<Record<string, string>>) {
  const simulator = await startSimulatorProcess(t, 600)
  const anywhere = ['--listen-address', '127.0.0.1:0', '--listen-tls-address', 'localhost:0']
  const cli = startCli(t, [...anywhere, ...args], { ...credentials(simulator), ...env })
  const [, url = ''] = await cli.until(/listening at (https:[^"]+)/)
  return { url, cli }
}

t.test('clients that are told of the local CA trust the proxy', async t => {
  const state = { XDG_STATE_HOME: join(t.testdir(), 'state') }
  const { url, cli } = await startSecurely(t, ['--listen-tls', 'auto'], state)
  const file = join(state.XDG_STATE_HOME, 'prismacloud-proxy', 'ca.pem')
  await cli.until(/to trust it: curl --cacert \S+\/ca\.pem; for other clients run prismacloud-proxy ca/)
  const ask = async (options: UrlCallOptions = {}) =>
    (await callUrl(`${url}/v2/policy`, { ca: readFileSync(file), ...options })).status
  await t.rejects(ask({ ca: undefined }), { code: /^(UNABLE_TO_|SELF_SIGNED_)/ })
  t.equal(await ask(), 200)
  t.equal(await ask({ maxVersion: 'TLSv1.2' }), 200)
  t.equal((await callUrl(url.replace('localhost', '127.0.0.1'), { ca: readFileSync(file) })).status, 404)
  const script = `fetch('${url}/v2/policy').then(({ status }) => console.log(status))`
  t.equal((await run(process.execPath, ['-e', script], { NODE_EXTRA_CA_CERTS: file })).stdout, '200\n')

  t.equal(await startCli(t, ['ca', 'rotate'], state).ended, 0)
  await cli.until(/reloaded the TLS certificate/)
  t.equal(await ask(), 200)
  const print = startCli(t, ['ca', 'print'], state)
  t.equal(await print.ended, 0)
  t.equal(print.output(), readFileSync(file, 'utf8'))
  const key = join(state.XDG_STATE_HOME, 'prismacloud-proxy', 'ca-key.pem')
  t.equal(statSync(key).mode & 0o777, 0o600)
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
  const [, secret = 'no key'] = readFileSync(key, 'utf8').split('\n')
  t.notOk(cli.output().includes(secret))
})

t.test('a given certificate is shown', async t => {
  const ca = await makeCa()
  const { cert, key } = await issue(ca, { names: ['localhost'] })
  const folder = t.testdir({ 'ca.pem': ca.cert, 'cert.pem': cert, 'key.pem': key })
  const files = ['--listen-tls-cert-file', join(folder, 'cert.pem'), '--listen-tls-key-file', join(folder, 'key.pem')]
  const { url, cli } = await startSecurely(t, files, {})
  t.equal((await callUrl(`${url}/v2/policy`, { ca: ca.cert })).status, 200)
  writeFileSync(join(folder, 'key.pem'), 'rubbish')
  await cli.until(/cannot reload the TLS certificate; still using the previous one: the key is not a PEM private key/)
  t.equal((await callUrl(`${url}/v2/policy`, { ca: ca.cert })).status, 200)
})

t.test('a CA that cannot be kept is told at the start', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const env = { ...credentials(simulator), XDG_STATE_HOME: t.testdir({ 'prismacloud-proxy': 'a file' }) }
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0', '--listen-tls', 'auto'], env)
  t.equal(await cli.ended, 1)
  t.match(cli.output(), /cannot store the local CA in \S+ \(ENOTDIR\): set XDG_STATE_HOME/)
})
