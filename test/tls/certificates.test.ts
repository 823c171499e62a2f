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

/** Files with a certificate of the test CA. */
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

t.test('a certificate from files stays the same until they change', async t => {
  const { cert, key, first, put } = await files(t)
  const certificates = new FileCertificates(cert, key)
  const before = await certificates.read()
  t.equal(before.cert, first)
  t.equal(await certificates.read(), before)
  const second = await put()
  t.equal((await certificates.read()).cert, second)
  t.strictSame([certificates.trust, certificates.forHost()], [null, undefined])
})

t.test('an unusable certificate is refused until it is corrected', async t => {
  const { cert, key, put } = await files(t)
  const certificates = new FileCertificates(cert, key)
  await certificates.read()
  const { cert: other } = await issue(ca, { names: ['localhost'] })
  const rows: [spoil: () => void, message: string][] = [
    [() => writeFileSync(cert, other), 'the key does not match the first certificate'],
    [() => writeFileSync(cert, 'x'), 'the certificate is not a PEM certificate'],
    [
      () => appendFileSync(cert, '\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      'the certificate chain is not valid PEM after the first certificate',
    ],
    [() => writeFileSync(key, 'x'), 'the key is not a PEM private key without a passphrase'],
    [() => unlinkSync(key), `cannot read ${key} (ENOENT)`],
  ]
  for (const [spoil, message] of rows) {
    await put()
    spoil()
    await t.rejects(certificates.read(), { name: 'TlsError', message })
    // the next read fails, too
    await t.rejects(certificates.read(), { message })
  }
  t.equal((await put()) === (await certificates.read()).cert, true)
})

t.test('a local certificate is renewed when a third of its lifetime is left', async t => {
  const clock = testClock()
  const certificates = new LocalCertificates(join(t.testdir(), 'state'), 'localhost', clock)
  t.equal(certificates.trust, null, 'the CA is made only when needed')
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

t.test('a local certificate includes the listen address if that is loopback', async t => {
  const names = async (host: string) => {
    const certificates = new LocalCertificates(join(t.testdir(), 'state'), host, testClock())
    return new X509Certificate((await certificates.read()).cert).subjectAltName
  }
  const all = 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1'
  t.equal(await names('127.0.0.2'), `${all}, IP Address:127.0.0.2`)
  for (const host of ['localhost', '0.0.0.0', '192.0.2.1', '[::1]']) t.equal(await names(host), all)
})

t.test('a local certificate is issued again when the CA is replaced', async t => {
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
  t.not((await certificates.read()).cert, second.cert, 'a missing CA is made again')
})

t.test('names below localhost and API hosts get certificates of their own; others do not', async t => {
  const certificates = new LocalCertificates(join(t.testdir(), 'state'), 'localhost', testClock())
  t.equal(certificates.forHost('prod.localhost'), undefined, 'without a CA there is none')
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
