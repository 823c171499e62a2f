import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { decode } from '../../src/inspect/decode.ts'

const TEXT = Array.from({ length: 3_000 }, (_, n) => `word-${(n * 7_919) % 1_000}`).join(' ')
const WHOLE = Buffer.from(TEXT)
const MAX = 64 * 1024

const CODINGS: readonly (readonly [coding: string, encode: (bytes: Buffer) => Buffer])[] = [
  ['gzip', gzipSync],
  ['X-Gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
]

t.test('content codings are undone', async t => {
  for (const [coding, encode] of CODINGS)
    t.same(await decode(encode(WHOLE), coding, MAX), { bytes: WHOLE, isCutOff: false, failure: null }, coding)
  for (const none of ['', 'identity', ' , identity'])
    t.same(await decode(WHOLE, none, MAX), { bytes: WHOLE, isCutOff: false, failure: null }, none)
})

t.test('several codings are undone, the last first', async t => {
  t.same((await decode(brotliCompressSync(gzipSync(WHOLE)), 'gzip, br', MAX)).bytes, WHOLE)
})

t.test('a body that breaks off is decoded as far as it goes', async t => {
  for (const [coding, encode] of CODINGS) {
    const encoded = encode(WHOLE)
    const { bytes, failure } = await decode(encoded.subarray(0, encoded.length / 2), coding, MAX)
    t.equal(failure, null, coding)
    t.ok(bytes.length > 500 && TEXT.startsWith(bytes.toString()), coding)
  }
})

t.test('no more is decoded than is wanted', async t => {
  // what is not reached does no harm
  const bomb = Buffer.concat([gzipSync(Buffer.alloc(10 * 1024 * 1024)), Buffer.from('no gzip')])
  const { bytes, ...rest } = await decode(bomb, 'gzip', 1_000)
  t.same(bytes, Buffer.alloc(1_000))
  t.same(rest, { isCutOff: true, failure: null })
  const twice = await decode(gzipSync(gzipSync(WHOLE)), 'gzip, gzip', 1_000)
  t.match(twice, { isCutOff: true, failure: null })
  const [exact, more] = [await decode(gzipSync('abc'), 'gzip', 3), await decode(gzipSync('abcd'), 'gzip', 3)]
  t.same([exact.isCutOff, more.isCutOff], [false, true])
})

t.test('a failure is reported, and what there is returned', async t => {
  const plain = Buffer.from('an error page of a gateway')
  t.same(await decode(plain, 'gzip', MAX), { bytes: plain, isCutOff: false, failure: 'not decoded: not valid gzip' })
  t.match(await decode(plain, 'zstd', MAX), { bytes: plain, failure: 'not decoded: not valid zstd' })
  t.match(await decode(plain, 'gzip, constructor', MAX), { bytes: plain, failure: 'unknown coding constructor' })
  const long = gzipSync(Buffer.from(TEXT.repeat(20)))
  const { bytes, failure } = await decode(Buffer.concat([long, plain]), 'gzip', 2 * MAX * 20)
  t.equal(failure, 'decoded only so far: not valid gzip')
  t.ok(TEXT.repeat(20).startsWith(bytes.toString()) && bytes.length > 1_000)
  t.same((await decode(Buffer.alloc(0), 'deflate', MAX)).bytes.length, 0)
})
