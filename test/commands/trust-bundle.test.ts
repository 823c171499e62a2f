import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rootCertificates } from 'node:tls'
import t from 'tap'
import { withTrustBundle } from '../../src/commands/trust-bundle.ts'

const NOTHING = { env: {}, system: 'linux' } as const

t.test('what is trusted already is so still, with the root beside it, until the work is done', async t => {
  const folder = t.testdir({ root: 'ROOT', own: 'OWN', extra: 'EXTRA', other: 'OTHER' })
  const [root, own, extra, other] = ['root', 'own', 'extra', 'other'].map(name => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ]
  let file = ''
  const read = async (path: string) => {
    file = path
    t.equal(statSync(dirname(path)).mode & 0o777, 0o700)
    return readFileSync(path, 'utf8')
  }
  const env = { REQUESTS_CA_BUNDLE: own, SSL_CERT_FILE: other, NODE_EXTRA_CA_CERTS: extra }
  t.equal(await withTrustBundle(root, { env, system: 'linux' }, read), 'OWN\nOTHER\nEXTRA\nROOT')
  t.notOk(existsSync(dirname(file)), 'nothing is left')
  t.equal(await withTrustBundle(root, { env: { SSL_CERT_FILE: other }, system: 'linux' }, read), 'OTHER\nROOT')
  const none = { SSL_CERT_FILE: join(folder, 'none') }
  const ofSystem = await withTrustBundle(root, { env: none, system: 'linux' }, read)
  t.match(ofSystem, /BEGIN CERTIFICATE.*\nROOT$/s)
  t.match(await withTrustBundle(root, { env: {}, system: 'win32' }, read), `${rootCertificates[0]}`, 'on Windows')
})

t.test('nothing is left either where the work fails, or there is no root', async t => {
  const folder = t.testdir({ root: 'ROOT' })
  let file = ''
  const fail = async (path: string) => {
    file = path
    throw new Error('work')
  }
  await t.rejects(withTrustBundle(join(folder, 'root'), NOTHING, fail), { message: 'work' })
  t.notOk(existsSync(dirname(file)))
  await t.rejects(withTrustBundle(join(folder, 'none'), NOTHING, fail), { code: 'ENOENT' })
})
