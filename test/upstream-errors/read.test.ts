import * as zlib from 'node:zlib'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { isIdempotent } from '../../src/http/methods.ts'
import { problemDocument } from '../../src/problem/problem.ts'
import { readUpstream, type UpstreamResponse } from '../../src/upstream-errors/read.ts'

const now = Date.UTC(2026, 0, 1)

function read(answer: Partial<Omit<UpstreamResponse, 'body'>> & { body?: string | Buffer }) {
  const body = Buffer.from(answer.body ?? '')
  const defaults = { host: 'api2.prismacloud.io', status: 400, headers: {}, complete: true, retryable: false }
  return readUpstream({ ...defaults, ...answer, body }, now)
}

const json = (value: unknown) => JSON.stringify(value)
const redlock = (...entries: object[]) => ({ headers: { 'x-redlock-status': json(entries) } })

t.test('the example of the contract', async t => {
  const key = { i18nKey: 'invalid_parameter_value', severity: 'error', subject: 'timeRange' }
  const headers = { 'x-redlock-status': json([key]), 'x-redlock-request-id': 'q-1', 'trace-id': 't-1' }
  const problem = read({ headers })
  t.match(problem, { type: 'upstream-error', status: 400, title: 'Bad Request', retryable: false })
  t.equal(problem.detail, 'invalid_parameter_value: timeRange')
  t.strictSame(problem.upstream, {
    host: 'api2.prismacloud.io',
    status: 400,
    requestId: 'q-1',
    errors: [{ code: 'invalid_parameter_value', message: null, severity: 'error', subject: 'timeRange' }],
    body: null,
  })
})

const details: [title: string, answer: Parameters<typeof read>[0], detail: string][] = [
  [
    'a known key without a subject carries help',
    redlock({ i18nKey: 'token_expired', severity: 'error', subject: null }),
    'token_expired: the session has ended; log in again',
  ],
  ['an unknown key stands alone', redlock({ i18nKey: 'strange_key', severity: 'error', subject: '' }), 'strange_key'],
  ['a key that every object has is no known key', redlock({ i18nKey: 'constructor' }), 'constructor'],
  ['several entries follow each other', redlock({ i18nKey: 'a', subject: 'b' }, { i18nKey: 'c' }), 'a: b; c'],
  ['many entries are counted', redlock(...Array(5).fill({ i18nKey: 'a' })), 'a; a; a; and 2 more'],
  ['an error may name nothing but its subject', redlock({ subject: 'timeRange' }), 'timeRange'],
  ['the header comes before the body', { ...redlock({ i18nKey: 'a' }), body: json({ message: 'b' }) }, 'a'],
  [
    'a broken header leaves the word to the body',
    { headers: { 'x-redlock-status': '[{' }, body: json({ message: 'b' }) },
    'b',
  ],
  [
    'an error with message and subject gives both',
    { body: json({ error: { code: 'BadArgument', message: 'Reused', target: 'password' } }) },
    'BadArgument: Reused (password)',
  ],
  [
    'plain text is quoted',
    { body: ' upstream connect error\n or disconnect ' },
    'upstream connect error or disconnect',
  ],
  ['long text is quoted in part', { body: 'x'.repeat(400) }, `${'x'.repeat(300)}…`],
  ['plain text that calls itself HTML is quoted', { headers: { 'content-type': 'text/html' }, body: 'slow' }, 'slow'],
  ['no body', {}, 'The upstream gave no reason'],
  ['white space is no body', { body: '\r\n ' }, 'The upstream gave no reason'],
  ['no body before the cut', { complete: false }, 'The upstream gave no reason (response truncated)'],
  [
    'an HTML page is named by its title',
    { body: '<!DOCTYPE html><html><head><TITLE class="a">503 Service\n Unavailable</TITLE></head></html>' },
    'The upstream returned an HTML page: 503 Service Unavailable',
  ],
  ['an HTML page without a title', { body: '\n<html><body>no</body></html>' }, 'The upstream returned an HTML page'],
  [
    'a piece of HTML is known by its content type',
    { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<center>no</center>' },
    'The upstream returned an HTML page',
  ],
  [
    'a title that is markup itself is not read',
    { body: '<html><title><b>x</b></title></html>' },
    'The upstream returned an HTML page',
  ],
  ['XML is text', { body: '<Error><Code>AccessDenied</Code></Error>' }, '<Error><Code>AccessDenied</Code></Error>'],
  ['binary data', { body: Buffer.from([0, 1, 2, 255]) }, 'The upstream returned binary data'],
  ['JSON that names no error', { body: '{"a":1}' }, 'The upstream returned JSON without an error message'],
  ['a bare boolean', { body: 'true' }, 'The upstream returned JSON without an error message'],
  [
    'cut JSON',
    { body: '{"message":"Inval', complete: false },
    'The upstream returned malformed JSON (response truncated)',
  ],
  [
    'a cut character',
    { body: Buffer.from('défaut é').subarray(0, -1), complete: false },
    'défaut (response truncated)',
  ],
  ['Latin-1', { body: Buffer.from('accès refusé', 'latin1') }, 'accès refusé'],
  ['a byte order mark', { body: '\ufeff{"message":"No"}' }, 'No'],
]

for (const [title, answer, detail] of details) {
  t.test(`the detail: ${title}`, async t => t.equal(read(answer).detail, detail))
}

const bomb = gzipSync(Buffer.alloc(1024 * 1024, ' '))
const long = json({ message: 'No', padding: Array.from({ length: 20000 }, (_, i) => i) })
/** `{"message":"No"}` by zstd, which not every Node.js has. */
const ZSTD = Buffer.from('KLUv/SAQgQAAeyJtZXNzYWdlIjoiTm8ifQ==', 'base64')
const HAS_ZSTD = 'zstdDecompressSync' in zlib
/** 100 blocks by zstd, each of which repeats a blank 128 KiB long (RFC 8878, 3.1.1). */
const zstdBomb = Buffer.from(`28b52ffd0038${'02001020'.repeat(99)}03001020`, 'hex')
/** A window of 2 GiB, where 8 MiB are the most in HTTP (RFC 9659, 3). */
const wideZstd = Buffer.from('28b52ffd00a803001020', 'hex')
const coded: [title: string, encoding: string, body: Buffer, detail: string][] = [
  ['gzip', 'gzip', gzipSync(json({ message: 'No' })), 'No'],
  ['x-gzip', 'x-gzip', gzipSync(json({ message: 'No' })), 'No'],
  ['br', 'br', brotliCompressSync(json({ message: 'No' })), 'No'],
  ['deflate', 'deflate', deflateSync(json({ message: 'No' })), 'No'],
  ['raw deflate', 'deflate', deflateRawSync(json({ message: 'No' })), 'No'],
  ['several codings', 'identity, GZIP , br', brotliCompressSync(gzipSync(json({ message: 'No' }))), 'No'],
  ['a coding that was not applied', 'gzip', Buffer.from(json({ message: 'No' })), 'No'],
  ['nothing, though a coding is named', 'deflate', Buffer.alloc(0), 'The upstream gave no reason'],
  ['zstd', 'zstd', ZSTD, HAS_ZSTD ? 'No' : 'The upstream returned data that cannot be decompressed (zstd)'],
  ['a broken zstd', 'zstd', ZSTD.subarray(0, 9), 'The upstream returned data that cannot be decompressed (zstd)'],
  ['more zstd than fits in memory', 'zstd', zstdBomb, 'The upstream returned data that cannot be decompressed (zstd)'],
  [
    'a zstd that asks for too much memory',
    'zstd',
    wideZstd,
    'The upstream returned data that cannot be decompressed (zstd)',
  ],
  ['an unknown coding', 'Dcb', ZSTD, 'The upstream returned data that cannot be decompressed (dcb)'],
  ['a coding of what is not text', 'gzip', gzipSync(ZSTD), 'The upstream returned binary data'],
  ['more than fits in memory', 'gzip', bomb, 'The upstream returned data that cannot be decompressed (gzip)'],
  ['a cut gzip', 'gzip', gzipSync(long).subarray(0, 5000), 'The upstream returned malformed JSON'],
  ['a cut br', 'br', brotliCompressSync(long).subarray(0, 5000), 'The upstream returned malformed JSON'],
]

for (const [title, encoding, body, detail] of coded) {
  t.test(`a compressed body: ${title}`, async t => {
    t.equal(read({ headers: { 'content-encoding': encoding }, body }).detail, detail)
  })
}

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
const bodies: [title: string, body: string | Buffer, passedOn: unknown][] = [
  ['JSON as its value', '{"message":"No","more":{"a":[1]}}', { message: 'No', more: { a: [1] } }],
  ['a bare string', '"No"', 'No'],
  ['false', 'false', false],
  ['short text', ' No \n', ' No \n'],
  ['JSON that is too long', json({ message: 'x'.repeat(16 * 1024) }), null],
  ['text that is too long', 'x'.repeat(16 * 1024 + 1), null],
  ['text as long as may be', 'x'.repeat(16 * 1024), 'x'.repeat(16 * 1024)],
  ['JSON as deep as may be', nested(64), JSON.parse(nested(64))],
  ['JSON that is too deep', nested(65), null],
  ['JSON deeper than any stack', nested(100_000), null],
  ['HTML', '<html></html>', null],
  ['binary', Buffer.from([0]), null],
  ['nothing', '', null],
]

for (const [title, body, passedOn] of bodies) {
  t.test(`the body passed on: ${title}`, async t => t.strictSame(read({ body }).upstream?.body, passedOn))
}

t.test('a problem document of the upstream keeps its members, but for those that tell of this proxy', async t => {
  const given = {
    type: 'https://x.example/y',
    title: 'Name taken',
    status: 409,
    detail: 'There is one',
    instance: '/z',
  }
  const own = { requestId: 'theirs', retryable: true, upstream: 'theirs', parameters: [1], __proto__x: null }
  const document = problemDocument(read({ status: 409, body: json({ ...given, ...own }) }), {
    instance: '/v2/policy',
    requestId: 'r-1',
    compute: false,
  })
  t.match(document, { title: 'Name taken', detail: 'There is one', parameters: [1], __proto__x: null })
  t.match(document, { type: '/_proxy/problems/upstream-error', instance: '/v2/policy', requestId: 'r-1' })
  t.match(document, { retryable: false, upstream: { status: 409, body: given } })
  const large = { ...given, parameters: 'x'.repeat(20_000) }
  t.notMatch(
    problemDocument(read({ body: json(large) }), { instance: '/', requestId: 'r-1', compute: false }),
    { parameters: /x/ },
    'unless they are too large',
  )
})

t.test('a problem document of the upstream keeps its title and detail', async t => {
  const body = json({ type: 'about:blank', title: 'Name taken', status: 409, detail: 'There is a "prod" already' })
  const problem = read({ status: 409, headers: { 'content-type': 'application/problem+json' }, body })
  t.match(problem, { status: 409, title: 'Name taken', detail: 'There is a "prod" already' })
})

t.test('the title is the reason phrase of the status, or names an upstream error where there is none', async t => {
  t.equal(read({ status: 404 }).title, 'Not Found')
  t.equal(read({ status: 599 }).title, 'Upstream Error')
  t.equal(read({ status: 404, body: '{"title":"A film"}' }).title, 'Not Found')
})

t.test('the vendor’s request id is found, or the trace id, or neither', async t => {
  const id = (headers: UpstreamResponse['headers']) => read({ headers }).upstream?.requestId
  t.equal(id({ 'x-redlock-request-id': ['a', 'b'] }), 'a')
  t.equal(id({ 'x-redlock-request-id': ' ', 'trace-id': 't' }), 't')
  t.equal(id({}), null)
})

t.test('a document says that a repeat is worth it only if that was decided', async t => {
  const response = { host: 'h', status: 503, headers: {}, body: Buffer.alloc(0), complete: true }
  t.equal(readUpstream({ ...response, retryable: true }, now).retryable, true)
  t.equal(readUpstream({ ...response, retryable: false }, now).retryable, false)
})

t.test('a method may be repeated if it is idempotent', async t => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'POST', 'PATCH', 'get', '']
  t.strictSame(methods.filter(isIdempotent), methods.slice(0, 6))
})

const waits: [title: string, status: number, headers: UpstreamResponse['headers'], seconds: number | undefined][] = [
  ['as the upstream says', 503, { 'retry-after': '30' }, 30],
  ['as the upstream says, whatever the status', 404, { 'retry-after': '30' }, 30],
  ['until a date', 503, { 'retry-after': new Date(now + 9000).toUTCString() }, 9],
  ['a second, where the upstream says nothing', 429, {}, 1],
  ['a second, where the upstream is out of service', 503, {}, 1],
  ['a second, where Retry-After is broken', 429, { 'retry-after': 'soon' }, 1],
  ['until the bucket holds one more', 429, { 'x-ratelimit-replenish-rate': '0.25' }, 4],
  ['no less than a second', 429, { 'x-ratelimit-replenish-rate': '80' }, 1],
  ['no less than a second, however fast', 429, { 'x-ratelimit-replenish-rate': 'Infinity' }, 1],
  ['no more than an hour', 429, { 'x-ratelimit-replenish-rate': '1e-300' }, 3600],
  ['a second, where the rate makes no sense', 429, { 'x-ratelimit-replenish-rate': '-1' }, 1],
  ['not at all', 500, {}, undefined],
]

for (const [title, status, headers, seconds] of waits) {
  t.test(`to wait ${title}`, async t => t.equal(read({ status, headers }).retryAfter, seconds))
}
