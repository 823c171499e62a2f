import { X509Certificate } from 'node:crypto'
import { appendFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { replaceAuthority } from '../../src/tls/authority-file.ts'
import { FileCertificates } from '../../src/tls/file-certificates.ts'
import { LocalCertificates } from '../../src/tls/local-certificates.ts'
import { testClock } from '../support/clock.ts'
import { issue, makeCa } from '../support/pki.ts'

const DAY = 24 * 60 * 60_000

const ca = await makeCa()

/** Files with a certificate of the test's authority. */
async function files(t: Test) {
  const folder = t.testdir()
  const paths = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const put = async () => {
    const { cert, key } = await issue(ca, { names: ['localhost'] })
    writeFileSync(paths.cert, cert)
    writeFileSync(paths.key, key)
    return cert
  }
  return { ...paths, first: await put(), put }
}

t.test('a given certificate is the same until its files change', async t => {
  const { cert, key, first, put } = await files(t)
  const certificates = new FileCertificates(cert, key)
  const before = await certificates.read()
  t.equal(before.cert, first)
  t.equal(await certificates.read(), before)
  const second = await put()
  t.equal((await certificates.read()).cert, second)
  t.strictSame([certificates.trust, certificates.forHost()], [null, undefined])
})

t.test('one that cannot be used is told, until it can be', async t => {
  const { cert, key, put } = await files(t)
  const certificates = new FileCertificates(cert, key)
  await certificates.read()
  const { cert: other } = await issue(ca, { names: ['localhost'] })
  const rows: [spoil: () => void, message: string][] = [
    [() => writeFileSync(cert, other), 'the key is not that of the certificate, which must come first'],
    [() => writeFileSync(cert, 'x'), 'the certificate is not one in PEM'],
    [
      () => appendFileSync(cert, '\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      'what follows the certificate is not one in PEM',
    ],
    [() => writeFileSync(key, 'x'), 'the key is not a private key in PEM without a passphrase'],
    [() => unlinkSync(key), `${key} cannot be read (ENOENT)`],
  ]
  for (const [spoil, message] of rows) {
    await put()
    spoil()
    await t.rejects(certificates.read(), { name: 'TlsError', message })
    // still so, and still told, at the next look
    await t.rejects(certificates.read(), { message })
  }
  t.equal((await put()) === (await certificates.read()).cert, true)
})

t.test('a local certificate is renewed when a third of its life is left', async t => {
  const clock = testClock()
  const certificates = new LocalCertificates(join(t.testdir(), 'state'), 'localhost', clock)
  t.equal(certificates.trust, null, 'nothing is made before it is needed')
  const first = await certificates.read()
  await clock.advance(60 * DAY - 1)
  t.equal(await certificates.read(), first)
  await clock.advance(1)
  const second = await certificates.read()
  t.not(second.cert, first.cert)
  t.equal(Date.parse(new X509Certificate(second.cert).validTo), Math.floor(clock.now() / 1000) * 1000 + 90 * DAY)
})

t.test('a local certificate is renewed when the clock goes back', async t => {
  const clock = testClock()
  const certificates = new LocalCertificates(join(t.testdir(), 'state'), 'localhost', clock)
  const first = await certificates.read()
  clock.jump(-DAY)
  const second = await certificates.read()
  t.not(second.cert, first.cert)
  t.ok(Date.parse(new X509Certificate(second.cert).validFrom) < clock.now())
})

t.test('a local certificate is for the address too, if that is one of loopback', async t => {
  const names = async (host: string) => {
    const certificates = new LocalCertificates(join(t.testdir(), 'state'), host, testClock())
    return new X509Certificate((await certificates.read()).cert).subjectAltName
  }
  const all = 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1'
  t.equal(await names('127.0.0.2'), `${all}, IP Address:127.0.0.2`)
  for (const host of ['localhost', '0.0.0.0', '192.0.2.1', '[::1]']) t.equal(await names(host), all)
})

t.test('a local certificate follows its authority, and clients are told which that is', async t => {
  const clock = testClock()
  const folder = join(t.testdir(), 'state')
  const certificates = new LocalCertificates(folder, 'localhost', clock)
  const first = await certificates.read()
  t.equal(certificates.trust, join(folder, 'ca.pem'))
  const { cert } = await replaceAuthority(folder, clock.now())
  const second = await certificates.read()
  t.not(second.cert, first.cert)
  t.ok(new X509Certificate(second.cert).checkIssued(new X509Certificate(cert)))
  renameSync(folder, `${folder}.away`)
  t.not((await certificates.read()).cert, second.cert, 'one that has gone is made anew')
})

t.test('names below localhost and API hosts get certificates of their own, others do not', async t => {
  const certificates = new LocalCertificates(join(t.testdir(), 'state'), 'localhost', testClock())
  t.equal(certificates.forHost('prod.localhost'), undefined, 'without an authority there is none')
  await certificates.read()
  const names = (host: string) => {
    const identity = certificates.forHost(host)
    return identity && new X509Certificate(identity.cert).subjectAltName
  }
  t.equal(names('prod.localhost'), 'DNS:prod.localhost')
  t.equal(names('prod.localhost.'), 'DNS:prod.localhost')
  t.equal(names('API2.eu.prismacloud.io'), 'DNS:api2.eu.prismacloud.io', 'and API hosts')
  for (const host of [
    'localhost',
    'example.com',
    'api7.prismacloud.io',
    'x.api.prismacloud.io',
    '.localhost',
    'a..localhost',
    '*.localhost\0.localhost',
  ])
    t.equal(names(host), undefined, host)
})
