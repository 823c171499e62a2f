import { rmSync } from 'node:fs'
import t from 'tap'
import { call } from '../support/http.ts'
import { type Configured, configured, type Parts, tenant } from './configured.ts'
import { simulate } from './rig.ts'

/** What may be done to the file, and what is told of it. */
interface Row {
  readonly change: (proxy: Configured, good: Parts) => void
  readonly says: RegExp
}

const KEPT = /^configuration not reloaded, still using the previous one: invalid configuration \(1 problem\):\n- /

const rows: Record<string, Row> = {
  'is no YAML': {
    change: proxy => proxy.write('tenants: {default: {secretKey: marked-typo\n'),
    says: /config\.yaml:\d+\): invalid YAML: /,
  },
  'has an unknown key': {
    change: (proxy, good) => proxy.write({ ...good, lisen: {} }),
    says: /- lisen \(.*config\.yaml:1\): unknown key; did you mean listen\?$/,
  },
  'has a value that is not valid': {
    change: (proxy, good) => proxy.write({ ...good, log: { level: 'loud' } }),
    says: /- log\.level \(.*config\.yaml:1\): invalid value "loud"; expected one of: trace, /,
  },
  'has no tenant any more': {
    change: proxy => proxy.write('log: {level: debug}'),
    says: /- tenants: no access key/,
  },
  'has a key in a file that is not there': {
    change: proxy =>
      proxy.write({ tenants: { default: { url: 'app2', accessKeyId: 'x', secretKeyFile: '/none/key' } } }),
    says: /- tenants\.default\.secretKeyFile .* does not exist/,
  },
  'is empty, as one that is being written': { change: proxy => proxy.write(''), says: /"\S+" is empty/ },
  'is gone': { change: proxy => rmSync(proxy.file), says: /- config \(--config\): "\S+" does not exist/ },
  'has another address': {
    change: (proxy, good) => proxy.write({ ...good, listen: { address: '127.0.0.1:1' } }),
    says: /- listen\.address: cannot change while the proxy runs; restart the proxy, or restore the old value$/,
  },
  'has an address that is open to all': {
    change: (proxy, good) => proxy.write({ ...good, listen: { address: '0.0.0.0:0' } }),
    says: /- listen\.address .* is reachable from other machines/,
  },
}

t.test('a configuration that cannot be used is told as an error, and the old one stays', async t => {
  const simulator = await simulate(t)
  const good = { tenants: { default: tenant(simulator.url) } }
  for (const [name, { change, says }] of Object.entries(rows)) {
    await t.test(`the file ${name}`, async t => {
      t.testdir()
      const proxy = await configured(t, good)
      await proxy.told(/tenant default: session ready/)
      change(proxy, good)
      proxy.hangUp()
      const [line, ...more] = await proxy.told(/configuration (?:not )?reloaded/)
      t.match(line, { level: 50, msg: KEPT })
      t.match(line?.msg, says)
      t.strictSame(more, [])
      t.equal((await call(proxy.port, '/v2/policy')).status, 200)
      proxy.write({ ...good, log: { level: 'debug' } })
      proxy.hangUp()
      t.match((await proxy.told(/configuration (?:not )?reloaded/, 2)).at(-1), { level: 30 }, 'the cured file is used')
      proxy.host.signals.emit('SIGTERM')
      t.equal(await proxy.ended(), 0)
    })
  }
  t.equal(simulator.counts.logins, Object.keys(rows).length, 'no session was lost')
})
