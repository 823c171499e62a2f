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
    t.equal(await verdictOn(t, identity, authority.cert, host), 'trusted', host)
  t.match(await verdictOn(t, identity, authority.cert, 'other.localhost'), /does not match certificate's altnames/)
  t.not(await verdictOn(t, identity, makeAuthority(now).cert, 'localhost'), 'trusted', 'but not what another does')
})

t.test('for no other names than those of this machine and of the API would they trust it', async t => {
  const authority = makeAuthority(now)
  const trusted = ['api.prismacloud.io', 'api2.eu.prismacloud.io', 'api.prismacloud.cn', '127.9.9.9']
  const refused = [
    'example.com',
    'prismacloud.io',
    'app.prismacloud.io',
    'localhost.example.com',
    '10.0.0.1',
    '128.0.0.1',
    '::2',
  ]
  const verdict = (host: string) => {
    const isName = /[a-z]/.test(host)
    const identity = certify(authority, isName ? [host] : [], isName ? [] : [host], now)
    return verdictOn(t, identity, authority.cert, host)
  }
  for (const host of trusted) t.equal(await verdict(host), 'trusted', host)
  for (const host of refused) t.match(await verdict(host), /permitted subtree violation/, host)
})

t.test('certificates are good from a day ago for 90 days, the authority for ten years', async t => {
  const authority = makeAuthority(now)
  const { validFrom, validTo, serialNumber } = new X509Certificate(certify(authority, ['localhost'], [], now).cert)
  const days = (text: string) => (Date.parse(text) - Math.floor(now / 1000) * 1000) / DAY
  t.strictSame([days(validFrom), days(validTo)], [-1, 90])
  t.strictSame([days(authority.facts.validFrom), days(authority.facts.validTo)], [-1, 3650])
  t.match(serialNumber, /^01[0-9A-F]{30}$/)
  t.equal(isLasting(authority, now + 3559 * DAY), true)
  t.equal(isLasting(authority, now + 3561 * DAY), false, 'what it signed then would outlive it')
})

t.test('the authority is no server, and its servers are no authorities', async t => {
  const authority = makeAuthority(now)
  const server = new X509Certificate(certify(authority, ['localhost'], [], now).cert)
  t.strictSame([authority.facts.ca, server.ca], [true, false])
  t.strictSame(server.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'for servers alone')
  t.ok(server.checkIssued(authority.facts), 'the identifiers of their keys agree')
  const fake = certify({ ...authority, key: makeAuthority(now).key }, ['localhost'], [], now)
  t.not(await verdictOn(t, fake, authority.cert, 'localhost'), 'trusted')
})

t.test('each authority has a name of its own, so that clients can tell the old from the new', async t => {
  const [one, other] = [makeAuthority(now), makeAuthority(now)]
  t.match(one.facts.subject, /^CN=prismacloud-proxy local CA [0-9a-f]{8}$/)
  t.not(one.facts.subject, other.facts.subject)
})

t.test('an authority is the same once it was kept as text', async t => {
  const authority = makeAuthority(now)
  const again = readAuthority(authorityText(authority))
  t.equal(again.cert, authority.cert)
  t.ok(createPublicKey(again.key).equals(authority.facts.publicKey))
  t.throws(() => readAuthority(authority.cert), 'a certificate alone')
  t.throws(() => readAuthority('nothing'))
})
