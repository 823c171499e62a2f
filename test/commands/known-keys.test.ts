import t from 'tap'
import { KnownKeys, readWaitingKeys } from '../../src/commands/exec/known-keys.ts'
import type { CredentialSource } from '../../src/config/config.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { makeConfig } from '../support/proxy.ts'

function tenantWith(kind: CredentialSource['kind'], [id, key]: [string, string], lazy = true) {
  const read = async () => ({ accessKeyId: new Secret(id), secretKey: new Secret(key) })
  const { tenants } = makeConfig({
    upstream: 'app2',
    tenants: { default: { lazy, credentials: { origin: '', kind, read } } },
  })
  const [tenant] = [...tenants.values()]
  if (!tenant) throw new Error('no tenant')
  return tenant
}

t.test('keys are known once they were read, and tokens at once', async t => {
  const keys = new KnownKeys([new Secret('the-token-of-ci-1')])
  const tenant = keys.watch(tenantWith('fixed', ['id-of-an-access-key', 'a-key']))
  t.strictSame([tenant.credentials.kind, tenant.lazy], ['fixed', true])
  const before = keys.finder()
  t.ok(before('x the-token-of-ci-1 x'))
  t.notOk(before('id-of-an-access-key'))
  await tenant.credentials.read()
  const isSecret = keys.finder()
  t.ok(isSecret('x id-of-an-access-key x'))
  t.ok(isSecret(' a-key\n'), 'a short one, where it is all')
  t.notOk(isSecret('x a-key x'), 'but not within words')
})

t.test('an id that may be a user’s name is none', async t => {
  const keys = new KnownKeys([])
  await keys.watch(tenantWith('fixed', ['jenkins', 'a-long-secret-key'])).credentials.read()
  t.notOk(keys.finder()('jenkins'))
})

t.test('what tenants will log in with later is read now, unless that would run a command', async t => {
  const keys = new KnownKeys([])
  const broken = tenantWith('file', ['', ''])
  const tenants = [
    keys.watch(tenantWith('fixed', ['id', 'the-key-1-of-fixed'])),
    keys.watch(tenantWith('file', ['id', 'the-key-2-of-file'])),
    keys.watch(tenantWith('command', ['id', 'the-key-3-of-command'])),
    keys.watch(tenantWith('changing', ['id', 'the-key-4-of-changing'])),
    keys.watch(tenantWith('fixed', ['id', 'the-key-5-not-lazy'], false)),
    keys.watch({ ...broken, credentials: { ...broken.credentials, read: () => Promise.reject(new Error('gone')) } }),
  ]
  await readWaitingKeys(tenants)
  const isSecret = keys.finder()
  const known = ['1-of-fixed', '2-of-file', '3-of-command', '4-of-changing', '5-not-lazy'].map(end =>
    isSecret(`the-key-${end}`),
  )
  t.strictSame(known, [true, true, false, false, false])
})
