import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hasTls } from '../../src/config/network/listening.ts'
import { issue, makeCa } from '../support/pki.ts'
import { faultsOf, load } from './support.ts'

const ca = await makeCa()
const [one, other] = await Promise.all([issue(ca, { names: ['localhost'] }), issue(ca, { names: ['localhost'] })])

/** The flags that name files of the test. */
function flags(t: Test, given: Readonly<Record<string, string>>): string[] {
  const dir = t.testdir({ cert: one.cert, key: one.key, otherKey: other.key, empty: '' })
  return Object.entries(given).flatMap(([flag, file]) => [`--listen-tls-${flag}-file`, join(dir, file)])
}

t.test('https is off unless a certificate is configured or listen.tls is auto', async t => {
  t.equal(hasTls((await load()).listen), false)
  t.equal(hasTls((await load({ args: ['--listen-tls', 'auto'] })).listen), true)
  const { listen } = await load({ args: flags(t, { cert: 'cert', key: 'key' }) })
  t.equal(hasTls(listen), true)
  t.match(listen, { tls: 'off', tlsAddress: '127.0.0.1:9443', tlsCertFile: /cert$/, tlsKeyFile: /key$/ })
})

t.test('a certificate needs its key, and vice versa', async t => {
  t.match(await faultsOf({ args: flags(t, { cert: 'cert' }) }), [
    { key: 'listen.tlsCertFile', problem: /has no private key$/, cure: 'set listen.tlsKeyFile, too' },
  ])
  t.match(await faultsOf({ args: flags(t, { key: 'key' }) }), [
    { key: 'listen.tlsKeyFile', problem: /has no certificate$/, cure: 'set listen.tlsCertFile, too' },
  ])
  t.match(await faultsOf({ args: [...flags(t, { cert: 'cert', key: 'key' }), '--listen-tls', 'auto'] }), [
    { key: 'listen.tls', origin: '--listen-tls', problem: '"auto" conflicts with listen.tlsCertFile' },
  ])
})

t.test('certificate files that cannot be used are faults', async t => {
  const rows: [cert: string, key: string, fault: object][] = [
    ['missing', 'key', { key: 'listen.tlsCertFile', problem: /does not exist/ }],
    ['cert', 'missing', { key: 'listen.tlsKeyFile', problem: /does not exist/ }],
    ['empty', 'key', { key: 'listen.tlsCertFile', problem: /contains no certificate/ }],
    ['cert', 'empty', { key: 'listen.tlsCertFile', problem: /cannot be used: the key is not a PEM private key/ }],
    [
      'cert',
      'otherKey',
      { key: 'listen.tlsCertFile', problem: /cannot be used: the key does not match the first certificate/ },
    ],
  ]
  for (const [cert, key, fault] of rows) t.match(await faultsOf({ args: flags(t, { cert, key }) }), [fault])
})

t.test('a socket needs no https', async t => {
  t.match(await faultsOf({ args: ['--listen-tls-address', 'unix:/run/x.sock'] }), [
    { key: 'listen.tlsAddress', problem: /is a socket/, cure: /^expected host:port/ },
  ])
})

t.test('an https address that other machines can reach needs clients with tokens, too', async t => {
  const args = ['--listen-tls-address', '0.0.0.0:9443']
  t.strictSame((await load({ args })).warnings, [], 'but not while https is off')
  t.match(await faultsOf({ args: [...args, '--listen-tls', 'auto'] }), [
    {
      key: 'listen.tlsAddress',
      problem: '"0.0.0.0:9443" is reachable from other machines, but clients need no token',
    },
  ])
  const exposed = [...args, '--listen-tls', 'auto', '--listen-exposed', 'true']
  t.match((await load({ args: exposed })).warnings, [/^anyone who can reach 0\.0\.0\.0:9443 can use your access keys/])
  const both = await load({ args: [...exposed, '--listen-address', '0.0.0.0:9080'] })
  t.match(both.warnings, [/^anyone who can reach 0\.0\.0\.0:9080 or 0\.0\.0\.0:9443 can use/])
})
