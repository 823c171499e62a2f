import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import t from 'tap'
import { writeTrustBundle } from '../../src/commands/exec/trust-bundle.ts'

t.test('what is trusted already is so still, with the root beside it', async t => {
  const folder = t.testdir({ root: 'ROOT', own: 'OWN', extra: 'EXTRA', other: 'OTHER' })
  const at = (name: string) => join(folder, name)
  const bundle = async (env: Record<string, string>, system: NodeJS.Platform = 'linux') => {
    await writeTrustBundle(at('bundle'), at('root'), { env, system })
    return readFileSync(at('bundle'), 'utf8')
  }
  const all = { REQUESTS_CA_BUNDLE: at('own'), SSL_CERT_FILE: at('other'), NODE_EXTRA_CA_CERTS: at('extra') }
  t.equal(await bundle(all), 'OWN\nOTHER\nEXTRA\nROOT')
  t.equal(await bundle({ SSL_CERT_FILE: at('other') }), 'OTHER\nROOT')
  t.match(await bundle({ SSL_CERT_FILE: at('none') }), /BEGIN CERTIFICATE.*\nROOT$/s)
  t.match(await bundle({}, 'win32'), `${rootCertificates[0]}`, 'on Windows')
  await t.rejects(writeTrustBundle(at('bundle'), at('none'), { env: {}, system: 'linux' }), { code: 'ENOENT' })
})
