import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { headerOf, headersByName, type RawHeaders } from '../../src/http/raw-headers.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { withoutSecrets } from '../../src/upstream-errors/masked.ts'
import { readUpstream } from '../../src/upstream-errors/read.ts'
import { codings, forms, formsIn, TOKEN } from '../support/quoted.ts'

const secrets = [new Secret('of-another-secret-nothing-is-said'), new Secret(TOKEN)]

const shown = (headers: RawHeaders, body: Buffer) => withoutSecrets({ headers, body }, secrets)

for (const [name, { headers: lines, encode, isReadable }] of Object.entries(codings)) {
  t.test(`no form of a secret remains in a body with this coding: ${name}`, async t => {
    const headers = lines.flatMap(line => line.split(': '))
    for (const [form, write] of Object.entries(forms)) {
      const body = encode(`{"message":"bad ${write(TOKEN)}","code":"e"}`)
      const answer = shown(headers, body)
      const problem = readUpstream(
        {
          host: 'x',
          status: 400,
          headers: headersByName(answer.headers),
          body: answer.body,
          complete: true,
          retryable: false,
        },
        0,
      )
      t.strictSame(formsIn(JSON.stringify([problem, problem.detail]), TOKEN), [], form)
      if (!isReadable) continue
      t.strictSame(formsIn(answer.body.toString('latin1'), TOKEN), [], form)
      t.equal(headerOf(answer.headers, 'content-length'), `${answer.body.length}`)
      t.equal(headerOf(answer.headers, 'content-encoding'), undefined)
    }
    const body = encode('{"message":"nothing"}')
    t.equal(shown(headers, body).body, body, 'a body without secrets is unchanged')
    t.strictSame(shown(headers, body).headers, headers)
  })
}

t.test('a truncated body is searched up to its end', async t => {
  const text = `{"token":"${TOKEN}","numbers":"${Array.from({ length: 5_000 }, (_, index) => index)}","more":"${TOKEN}`
  for (const [body, headers] of [
    [Buffer.from(text), []],
    [gzipSync(text).subarray(0, -20), ['content-encoding', 'gzip']],
  ] as const) {
    const answer = shown(headers, body)
    t.match(answer.body.toString(), '"token":"[secret]"')
    t.strictSame(formsIn(answer.body.toString(), TOKEN), [])
  }
})

t.test('every header is searched, and headers that describe a changed body are removed', async t => {
  const headers = ['Location', `/x?t=${TOKEN}`, `x-${TOKEN}`, 'y', 'ETag', '"a"', 'Digest', 'b', 'content-length', '9']
  const body = Buffer.from(`no ${TOKEN}`)
  t.strictSame(shown(headers, body).headers, ['Location', '/x?t=[secret]', 'x-[secret]', 'y', 'content-length', '11'])
  t.strictSame(shown(headers, Buffer.from('none')).headers, [
    'Location',
    '/x?t=[secret]',
    'x-[secret]',
    'y',
    ...headers.slice(4),
  ])
  const halves = [TOKEN.slice(0, TOKEN.length / 2), TOKEN.slice(TOKEN.length / 2)]
  const divided = shown(['x-one', `${halves[0]}`, 'x-two', `${halves[1]}`], Buffer.alloc(0))
  t.strictSame(divided.headers, ['x-one', '[secret]', 'x-two', '[secret]'])
})

t.test('bytes of any other encoding are preserved', async t => {
  const text = `caf\xe9 ${TOKEN} \xff\xfe`
  t.equal(shown([], Buffer.from(text, 'latin1')).body.toString('latin1'), 'caf\xe9 [secret] \xff\xfe')
  const zipped = gzipSync(Buffer.from('caf\xe9', 'latin1'))
  t.equal(gunzipSync(shown(['content-encoding', 'gzip'], zipped).body).toString('latin1'), 'caf\xe9')
})
