import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { warningsOfFiles } from '../../src/config/exposed-files.ts'
import { issue, makeCa } from '../support/pki.ts'
import { load } from './support.ts'

const TOKEN = '0123456789abcdef'

t.test('there is a warning for every secret file that other users can read', async t => {
  const ca = await makeCa()
  const { cert, key } = await issue(ca, { names: ['localhost'] })
  const names = ['token', 'ci', 'key.pem', 'secret', 'credentials.json'] as const
  const folder = t.testdir({
    'cert.pem': cert,
    'ca.pem': ca.cert,
    'key.pem': key,
    token: TOKEN,
    ci: `${TOKEN}-ci`,
    id: 'an-id',
    secret: 'a-secret',
    'credentials.json': '{"identity": "an-id", "secret": "a-secret", "url": "app2"}',
  })
  const at = (name: string) => join(folder, name)
  const config = {
    listen: { clientTokenFile: at('token'), tlsCertFile: at('cert.pem'), tlsKeyFile: at('key.pem') },
    upstream: { caFile: at('ca.pem') },
    clients: { ci: { tokenFile: at('ci') } },
    defaultTenant: 'a',
    tenants: {
      a: { url: 'app2', accessKeyIdFile: at('id'), secretKeyFile: at('secret') },
      b: { credentialsFile: at('credentials.json') },
      c: { credentialsFile: at('credentials.json') },
    },
  }
  writeFileSync(at('config.json'), JSON.stringify(config), { mode: 0o600 })
  const warnings = async () => (await load({ args: ['--config', at('config.json')], env: {} })).warnings
  for (const name of names) chmodSync(at(name), 0o644)
  const expected = names.map(
    name => `${at(name)} contains a secret and can be read by other users; run chmod 600 on it`,
  )
  t.strictSame([...(await warnings())].sort(), expected.sort())
  for (const name of names) chmodSync(at(name), 0o600)
  t.strictSame(await warnings(), [])
  for (const name of ['ca.pem', 'id', 'secret']) chmodSync(at(name), 0o622)
  t.match([...(await warnings())].sort(), [
    `${at('ca.pem')} can be changed by other users; run chmod go-w on it`,
    `${at('id')} can be changed`,
    `${at('secret')} can be changed`,
  ])
})

t.test('there is a warning for the credentials file of the vendor’s clients, too', async t => {
  const homeDirectory = t.testdir({
    '.prismacloud': { 'credentials.json': '{"identity":"i","secret":"s","url":"app"}' },
  })
  chmodSync(join(homeDirectory, '.prismacloud', 'credentials.json'), 0o604)
  t.match((await load({ env: {}, homeDirectory })).warnings, [/credentials\.json contains a secret and can be read/])
})

t.test('there is no warning for files that do not exist or that a container runtime mounts', async t => {
  const file = { group: null, key: 'listen.clientTokenFile', source: 'file', origin: 'test' } as const
  t.strictSame(await warningsOfFiles([{ ...file, value: '/none/such' }]), [])
  const folder = t.testdir({ run: { secrets: { token: TOKEN } } })
  const path = join(folder, 'run', 'secrets', 'token')
  chmodSync(path, 0o666)
  t.equal((await warningsOfFiles([{ ...file, value: path }])).length, 2)
  t.strictSame(
    await warningsOfFiles([
      { ...file, value: path },
      { ...file, key: 'audit.file', value: path },
    ]),
    [
      `${path} contains a secret and can be read by other users; run chmod 600 on it`,
      `${path} can be changed by other users; run chmod go-w on it`,
    ],
  )
})
