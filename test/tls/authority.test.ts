import { createPublicKey, X509Certificate } from 'node:crypto'
import t from 'tap'
import { authorityText, certify, isLasting, makeAuthority, readAuthority } from '../../src/tls/authority.ts'
import { verdictOn } from './rig.ts'

const DAY = 24 * 60 * 60_000
const now = Date.now()

t.test('clients trust what the CA certifies', async t => {
  const ca = makeAuthority(now)
  const identity = certify(ca, ['localhost', 'prod.localhost'], ['127.0.0.1', '::1'], now)
  for (const host of ['localhost', 'prod.localhost', '127.0.0.1', '::1'])
    t.equal(await verdictOn(t, identity, ca.root, host), 'trusted', host)
  t.match(await verdictOn(t, identity, ca.root, 'other.localhost'), /does not match certificate's altnames/)
  t.not(
    await verdictOn(t, identity, makeAuthority(now).root, 'localhost'),
    'trusted',
    'but not what another CA certifies',
  )
})

t.test('clients trust the CA for names of this machine and of the API only', async t => {
  const ca = makeAuthority(now)
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
    const identity = certify(ca, isName ? [host] : [], isName ? [] : [host], now)
    return verdictOn(t, identity, ca.root, host)
  }
  for (const host of trusted) t.equal(await verdict(host), 'trusted', host)
  for (const host of refused) t.match(await verdict(host), /permitted subtree violation/, host)
})

t.test('the name constraints are in the issuing CA, too, because Java ignores those of a root', async t => {
  const constraints = Buffer.from('551d1e', 'hex')
  const { root, cert } = makeAuthority(now)
  const [ofRoot, ofAuthority] = [root, cert].map(pem => {
    const { raw } = new X509Certificate(pem)
    // the extension, critical, with its value up to the first host
    const at = raw.indexOf(constraints)
    return raw.subarray(at, raw.indexOf('localhost', at) + 9).toString('hex')
  })
  t.match(ofRoot, /^551d1e0101ff04/)
  t.equal(ofAuthority, ofRoot)
})

t.test('certificates are valid from a day ago for 90 days, the CA for ten years', async t => {
  const ca = makeAuthority(now)
  const { validFrom, validTo, serialNumber } = new X509Certificate(certify(ca, ['localhost'], [], now).cert)
  const days = (text: string) => (Date.parse(text) - Math.floor(now / 1000) * 1000) / DAY
  t.strictSame([days(validFrom), days(validTo)], [-1, 90])
  for (const pem of [ca.root, ca.cert]) {
    const facts = new X509Certificate(pem)
    t.strictSame([days(facts.validFrom), days(facts.validTo)], [-1, 3650])
  }
  t.match(serialNumber, /^01[0-9A-F]{30}$/)
  t.equal(isLasting(ca, now + 3559 * DAY), true)
  t.equal(isLasting(ca, now + 3561 * DAY), false, 'a certificate would outlive it')
})

t.test('the CAs are not servers, and servers are not CAs', async t => {
  const ca = makeAuthority(now)
  const { cert } = certify(ca, ['localhost'], [], now)
  const [server, below, root] = [cert, ca.cert, ca.root].map(pem => new X509Certificate(pem))
  t.strictSame([root?.ca, below?.ca, server?.ca], [true, true, false])
  for (const facts of [root, below, server]) t.strictSame(facts?.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'for servers only')
  t.ok(server?.checkIssued(below as X509Certificate), 'the key identifiers match')
  t.ok(below?.checkIssued(root as X509Certificate))
  t.ok(cert.endsWith(ca.cert), 'and the server sends the issuing CA')
  const fake = certify({ ...ca, key: makeAuthority(now).key }, ['localhost'], [], now)
  t.not(await verdictOn(t, fake, ca.root, 'localhost'), 'trusted')
})

t.test('each CA has a name of its own, so that clients can tell old from new', async t => {
  const [one, other] = [makeAuthority(now), makeAuthority(now)].map(({ root }) => new X509Certificate(root).subject)
  t.match(one, /^CN=prismacloud-proxy local CA [0-9a-f]{8}$/)
  t.not(one, other)
})

t.test('a CA can be written to text and read again, and other texts are refused', async t => {
  const [ca, other] = [makeAuthority(now), makeAuthority(now)]
  const { key, ...certificates } = readAuthority(authorityText(ca))
  t.strictSame(certificates, { cert: ca.cert, root: ca.root })
  t.ok(createPublicKey(key).equals(createPublicKey(ca.key)))
  const wrong = [
    { ...ca, key: other.key },
    { ...ca, root: other.root },
    { ...ca, root: '' },
  ].map(authorityText)
  for (const text of [...wrong, ca.cert, 'nothing']) t.throws(() => readAuthority(text))
})
