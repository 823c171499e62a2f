import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SimulatorUser } from '../../src/simulator/index.ts'
import { call } from '../support/http.ts'
import { configured, type Parts, tenant } from './configured.ts'
import { simulate, USER } from './rig.ts'

const NEW_USER = { ...USER, secretKey: 'marked-new-secret' }

/** The ways to give a secret key: each puts it where it belongs, and gives the configuration of the tenant. */
const ways: Record<string, (directory: string, url: string) => (secretKey: string) => Parts> = {
  'that stands in the configuration': (_directory, url) => secretKey => tenant(url, { secretKey }),
  'in a file': (directory, url) => secretKey => {
    const secretKeyFile = join(directory, 'key')
    writeFileSync(secretKeyFile, `${secretKey}\n`)
    return { url, accessKeyId: USER.accessKeyId, secretKeyFile }
  },
  'that a command prints': (directory, url) => secretKey => {
    const file = join(directory, 'key')
    writeFileSync(file, `${USER.accessKeyId}\n${secretKey}\n`)
    return { url, credentialCommand: ['cat', file] }
  },
}

for (const [name, way] of Object.entries(ways)) {
  t.test(
    `a bad new key ${name} is told as an error, and the old session goes on until there is a good one`,
    async t => {
      const users: SimulatorUser[] = [USER]
      const simulator = await simulate(t, { users })
      const give = way(t.testdir(), simulator.url)
      const config = (secretKey: string) => ({ tenants: { default: give(secretKey) } })
      const proxy = await configured(t, config(USER.secretKey))
      const ask = async () => (await call(proxy.port, '/v2/policy')).status
      await proxy.told(/tenant default: session ready/)

      proxy.write(config('marked-wrong-secret'))
      proxy.hangUp()
      const [kept] = await proxy.told(/tenant default: the new access key was rejected;/)
      t.match(kept, { level: 50, tenant: 'default', msg: /still using the previous session: .*invalid_credentials/ })
      t.equal(await ask(), 200)
      t.equal((await call(proxy.port, '/_proxy/readyz')).status, 200)

      users.push(NEW_USER)
      proxy.write(config(NEW_USER.secretKey))
      proxy.hangUp()
      t.match(await proxy.told(/tenant default: new access key accepted/), [{ level: 30 }])
      users.shift()
      simulator.revokeAll()
      t.equal(await ask(), 200, 'by a login with the new key')
      proxy.host.signals.emit('SIGTERM')
      t.equal(await proxy.ended(), 0)
    },
  )
}

t.test('a key that was refused is tried again at once, not only when its time has come', async t => {
  t.testdir()
  const users: SimulatorUser[] = []
  const { url } = await simulate(t, { users })
  const proxy = await configured(t, { tenants: { default: tenant(url, { lazy: true }) } })
  const ask = async () => (await call(proxy.port, '/v2/policy')).status
  t.equal(await ask(), 502)
  users.push(USER)
  t.equal(await ask(), 502)
  proxy.hangUp()
  await proxy.told(/tenant default: session ready/)
  t.equal(await ask(), 200)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})

t.test('a bad new key is tried again when nothing but its user has changed', async t => {
  t.testdir()
  const users: SimulatorUser[] = [USER]
  const { url } = await simulate(t, { users })
  const proxy = await configured(t, { tenants: { default: tenant(url) } })
  await proxy.told(/tenant default: session ready/)
  proxy.write({ tenants: { default: tenant(url, { secretKey: NEW_USER.secretKey }) } })
  proxy.hangUp()
  await proxy.told(/the new access key was rejected/)
  users.push(NEW_USER)
  proxy.hangUp()
  await proxy.told(/new access key accepted/)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})

t.test('a command that fails is told with its own words, and the session goes on', async t => {
  const file = join(t.testdir({ access: `${USER.accessKeyId}\n${USER.secretKey}\n` }), 'access')
  const { url } = await simulate(t)
  const proxy = await configured(t, { tenants: { default: { url, credentialCommand: ['cat', file] } } })
  await proxy.told(/tenant default: session ready/)
  rmSync(file)
  proxy.hangUp()
  const [kept] = await proxy.told(/cannot read the access key; still using the previous session/)
  t.match(kept, { level: 50, msg: /command cat failed with exit code 1: cat: .*: No such file or directory$/ })
  t.equal((await call(proxy.port, '/v2/policy')).status, 200)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})

t.test('the same key is no reason to log in again, wherever it comes from', async t => {
  for (const [name, way] of Object.entries(ways)) await t.test(`one ${name}`, t => keepsItsSession(t, way))
})

async function keepsItsSession(t: Test, way: (typeof ways)[string]): Promise<void> {
  const simulator = await simulate(t)
  const parts = { default: way(t.testdir(), simulator.url)(USER.secretKey) }
  const proxy = await configured(t, { tenants: parts })
  await proxy.told(/tenant default: session ready/)
  proxy.write({ tenants: { ...parts, other: tenant(simulator.url) } })
  proxy.hangUp()
  await proxy.told(/tenant other: session ready/)
  t.equal(simulator.counts.logins, 2)
  t.equal((await call(proxy.port, '/v2/policy')).status, 200)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
}
