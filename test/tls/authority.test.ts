import { createPublicKey, X509Certificate } from 'node:crypto'
import t from 'tap'
import { authorityText, certify, isLasting, makeAuthority, readAuthority } from '../../src/tls/authority.ts'
import { verdictOn } from './rig.ts'

const DAY = 24 * 60 * 60_000
const now = Date.now()

t.test('clients trust what the authority certifies', async t => {
  const authority = makeAuthority(now)
  const identity = certify(authority, ['localhost', 'prod.localhost'], ['127.0.0.1', '::1'], now)
  for (const host of ['localhost', 'prod.localhost', '127.0.0.1', '::1'])
    t.equal(await verdictOn(t, identity, authority.root, host), 'trusted', host)
  t.match(await verdictOn(t, identity, authority.root, 'other.localhost'), /does not match certificate's altnames/)
  t.not(await verdictOn(t, identity, makeAuthority(now).root, 'localhost'), 'trusted', 'but not what another does')
})

t.test('for no other names than those of this machine and of the API would they trust it', async t => {
  const authority = makeAuthority(now)
  const trusted = [
    'api.prismacloud.io',
    'api2.eu.prismacloud.io',
    'api.prismacloud.cn',
    'us-east1.cloud.twistlock.com',
    '127.9.9.9',
  ]
  const refused = [
    'example.com',
    'prismacloud.io',
    'app.prismacloud.io',
    'localhost.example.com',
    'twistlock.com',
    'console.twistlock.com',
    '10.0.0.1',
    '128.0.0.1',
    '::2',
  ]
  const verdict = (host: string) => {
    const isName = /[a-z]/.test(host)
    const identity = certify(authority, isName ? [host] : [], isName ? [] : [host], now)
    return verdictOn(t, identity, authority.root, host)
  }
  for (const host of trusted) t.equal(await verdict(host), 'trusted', host)
  for (const host of refused) t.match(await verdict(host), /permitted subtree violation/, host)
})

t.test('the authority that signs is held to them too, because Java does not hold a root to anything', async t => {
  const constraints = Buffer.from('551d1e', 'hex')
  const { root, cert } = makeAuthority(now)
  const [ofRoot, ofAuthority] = [root, cert].map(pem => {
    const { raw } = new X509Certificate(pem)
    // the extension, critical, and its value up to the first host
    const at = raw.indexOf(constraints)
    return raw.subarray(at, raw.indexOf('localhost', at) + 9).toString('hex')
  })
  t.match(ofRoot, /^551d1e0101ff04/)
  t.equal(ofAuthority, ofRoot)
})

t.test('certificates are good from a day ago for 90 days, the authority for ten years', async t => {
  const authority = makeAuthority(now)
  const { validFrom, validTo, serialNumber } = new X509Certificate(certify(authority, ['localhost'], [], now).cert)
  const days = (text: string) => (Date.parse(text) - Math.floor(now / 1000) * 1000) / DAY
  t.strictSame([days(validFrom), days(validTo)], [-1, 90])
  for (const pem of [authority.root, authority.cert]) {
    const facts = new X509Certificate(pem)
    t.strictSame([days(facts.validFrom), days(facts.validTo)], [-1, 3650])
  }
  t.match(serialNumber, /^01[0-9A-F]{30}$/)
  t.equal(isLasting(authority, now + 3559 * DAY), true)
  t.equal(isLasting(authority, now + 3561 * DAY), false, 'what it signed then would outlive it')
})

t.test('the authorities are no servers, and their servers are no authorities', async t => {
  const authority = makeAuthority(now)
  const { cert } = certify(authority, ['localhost'], [], now)
  const [server, below, root] = [cert, authority.cert, authority.root].map(pem => new X509Certificate(pem))
  t.strictSame([root?.ca, below?.ca, server?.ca], [true, true, false])
  for (const facts of [root, below, server]) t.strictSame(facts?.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'for servers alone')
  t.ok(server?.checkIssued(below as X509Certificate), 'the identifiers of their keys agree')
  t.ok(below?.checkIssued(root as X509Certificate))
  t.ok(cert.endsWith(authority.cert), 'and the server shows the way to the root')
  const fake = certify({ ...authority, key: makeAuthority(now).key }, ['localhost'], [], now)
  t.not(await verdictOn(t, fake, authority.root, 'localhost'), 'trusted')
})

t.test('each authority has a name of its own, so that clients can tell the old from the new', async t => {
  const [one, other] = [makeAuthority(now), makeAuthority(now)].map(({ root }) => new X509Certificate(root).subject)
  t.match(one, /^CN=prismacloud-proxy local CA [0-9a-f]{8}$/)
  t.not(one, other)
})

t.test('an authority is the same once it was kept as text, and other texts are none', async t => {
  const [authority, other] = [makeAuthority(now), makeAuthority(now)]
  const { key, ...certificates } = readAuthority(authorityText(authority))
  t.strictSame(certificates, { cert: authority.cert, root: authority.root })
  t.ok(createPublicKey(key).equals(createPublicKey(authority.key)))
  const wrong = [
    { ...authority, key: other.key },
    { ...authority, root: other.root },
    { ...authority, root: '' },
  ].map(authorityText)
  for (const text of [...wrong, authority.cert, 'nothing']) t.throws(() => readAuthority(text))
})
