import * as zlib from 'node:zlib'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
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

t.test('what was probably meant follows the detail', async t => {
  const nearMisses = { request: 'GET /serach', operations: ['POST /search', 'GET /search/alert'] }
  const advice = 'No API description has GET /serach; did you mean POST /search or GET /search/alert?'
  const rows = [
    ['gone', `gone. ${advice}`],
    ['Gone.', `Gone. ${advice}`],
    ['Really gone!', `Really gone! ${advice}`],
    ['x'.repeat(400), `${'x'.repeat(300)}… ${advice}`],
  ] as const
  for (const [body, detail] of rows) {
    const problem = read({ status: 404, body, nearMisses })
    t.equal(problem.detail, detail)
    t.strictSame(problem.members, { didYouMean: nearMisses.operations })
  }
  t.equal(read({ body: '\u202e', nearMisses }).detail, advice, 'or is the detail')
  const line = read({ nearMisses: { ...nearMisses, request: 'GET /a\u202e\nb' } }).detail
  t.match(line, ' GET /a b; did you mean', 'in one line')
})

const details: [title: string, answer: Parameters<typeof read>[0], detail: string][] = [
  [
    'a known key without a subject gets help',
    redlock({ i18nKey: 'token_expired', severity: 'error', subject: null }),
    'token_expired: the session has ended; log in again',
  ],
  ['an unknown key gets none', redlock({ i18nKey: 'strange_key', severity: 'error', subject: '' }), 'strange_key'],
  ['a key that every object inherits is unknown', redlock({ i18nKey: 'constructor' }), 'constructor'],
  ['several entries are joined', redlock({ i18nKey: 'a', subject: 'b' }, { i18nKey: 'c' }), 'a: b; c'],
  ['further entries are counted', redlock(...Array(5).fill({ i18nKey: 'a' })), 'a; a; a; and 2 more'],
  ['an error may have only a subject', redlock({ subject: 'timeRange' }), 'timeRange'],
  ['the header takes precedence over the body', { ...redlock({ i18nKey: 'a' }), body: json({ message: 'b' }) }, 'a'],
  [
    'a malformed header is ignored in favour of the body',
    { headers: { 'x-redlock-status': '[{' }, body: json({ message: 'b' }) },
    'b',
  ],
  [
    'an error with message and subject shows both',
    { body: json({ error: { code: 'BadArgument', message: 'Reused', target: 'password' } }) },
    'BadArgument: Reused (password)',
  ],
  [
    'plain text is quoted',
    { body: ' upstream connect error\n or disconnect ' },
    'upstream connect error or disconnect',
  ],
  ['long text is truncated', { body: 'x'.repeat(400) }, `${'x'.repeat(300)}…`],
  ['plain text labelled as HTML is quoted', { headers: { 'content-type': 'text/html' }, body: 'slow' }, 'slow'],
  ['no body', {}, 'The upstream returned an error without a reason'],
  ['white space is no body', { body: '\r\n ' }, 'The upstream returned an error without a reason'],
  [
    'a truncated body without any bytes',
    { complete: false },
    'The upstream returned an error without a reason (response truncated)',
  ],
  [
    'an HTML page is named by its title',
    { body: '<!DOCTYPE html><html><head><TITLE class="a">503 Service\n Unavailable</TITLE></head></html>' },
    'The upstream returned an HTML page: 503 Service Unavailable',
  ],
  ['an HTML page without a title', { body: '\n<html><body>no</body></html>' }, 'The upstream returned an HTML page'],
  [
    'a fragment of HTML is recognized by its content type',
    { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<center>no</center>' },
    'The upstream returned an HTML page',
  ],
  [
    'a title that contains markup is ignored',
    { body: '<html><title><b>x</b></title></html>' },
    'The upstream returned an HTML page',
  ],
  ['XML is text', { body: '<Error><Code>AccessDenied</Code></Error>' }, '<Error><Code>AccessDenied</Code></Error>'],
  ['binary data', { body: Buffer.from([0, 1, 2, 255]) }, 'The upstream returned binary data'],
  ['JSON without an error', { body: '{"a":1}' }, 'The upstream returned JSON without an error message'],
  ['a bare boolean', { body: 'true' }, 'The upstream returned JSON without an error message'],
  [
    'truncated JSON',
    { body: '{"message":"Inval', complete: false },
    'The upstream returned malformed JSON (response truncated)',
  ],
  [
    'a truncated character',
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
/** `{"message":"No"}` in zstd, which not every Node.js supports. */
const ZSTD = Buffer.from('KLUv/SAQgQAAeyJtZXNzYWdlIjoiTm8ifQ==', 'base64')
const HAS_ZSTD = 'zstdDecompressSync' in zlib
/** 100 zstd blocks, each of which repeats a space for 128 KiB (RFC 8878, 3.1.1). */
const zstdBomb = Buffer.from(`28b52ffd0038${'02001020'.repeat(99)}03001020`, 'hex')
/** A zstd window of 2 GiB; HTTP allows at most 8 MiB (RFC 9659, 3). */
const wideZstd = Buffer.from('28b52ffd00a803001020', 'hex')
/** A zstd frame whose content is corrupt; of one that is cut off, some versions of Node.js return what there is. */
const malformedZstd = Buffer.concat([ZSTD.subarray(0, 6), Buffer.alloc(9, 255)])
const coded: [title: string, encoding: string, body: Buffer, detail: string][] = [
  ['gzip', 'gzip', gzipSync(json({ message: 'No' })), 'No'],
  ['x-gzip', 'x-gzip', gzipSync(json({ message: 'No' })), 'No'],
  ['br', 'br', brotliCompressSync(json({ message: 'No' })), 'No'],
  ['deflate', 'deflate', deflateSync(json({ message: 'No' })), 'No'],
  ['raw deflate', 'deflate', deflateRawSync(json({ message: 'No' })), 'No'],
  ['several codings', 'identity, GZIP , br', brotliCompressSync(gzipSync(json({ message: 'No' }))), 'No'],
  ['a coding that was not applied', 'gzip', Buffer.from(json({ message: 'No' })), 'No'],
  ['an empty body with a coding', 'deflate', Buffer.alloc(0), 'The upstream returned an error without a reason'],
  ['zstd', 'zstd', ZSTD, HAS_ZSTD ? 'No' : 'The upstream returned data that cannot be decompressed (zstd)'],
  ['malformed zstd', 'zstd', malformedZstd, 'The upstream returned data that cannot be decompressed (zstd)'],
  ['zstd beyond the size limit', 'zstd', zstdBomb, 'The upstream returned data that cannot be decompressed (zstd)'],
  ['zstd with too large a window', 'zstd', wideZstd, 'The upstream returned data that cannot be decompressed (zstd)'],
  ['an unknown coding', 'Dcb', ZSTD, 'The upstream returned data that cannot be decompressed (dcb)'],
  ['compressed binary data', 'gzip', gzipSync(ZSTD), 'The upstream returned binary data'],
  ['gzip beyond the size limit', 'gzip', bomb, 'The upstream returned data that cannot be decompressed (gzip)'],
  ['truncated gzip', 'gzip', gzipSync(long).subarray(0, 5000), 'The upstream returned malformed JSON'],
  ['truncated br', 'br', brotliCompressSync(long).subarray(0, 5000), 'The upstream returned malformed JSON'],
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
  ['text of the maximum length', 'x'.repeat(16 * 1024), 'x'.repeat(16 * 1024)],
  ['JSON of the maximum depth', nested(64), JSON.parse(nested(64))],
  ['JSON that is too deep', nested(65), null],
  ['JSON deeper than any stack', nested(100_000), null],
  ['HTML', '<html></html>', null],
  ['binary', Buffer.from([0]), null],
  ['nothing', '', null],
]

for (const [title, body, passedOn] of bodies) {
  t.test(`the body passed on: ${title}`, async t => t.strictSame(read({ body }).upstream?.body, passedOn))
}

t.test('a problem document of the upstream keeps its members, except those that the proxy sets', async t => {
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
    'unless the document is too large',
  )
})

t.test('a problem document of the upstream keeps its title and detail', async t => {
  const body = json({ type: 'about:blank', title: 'Name taken', status: 409, detail: 'There is a "prod" already' })
  const problem = read({ status: 409, headers: { 'content-type': 'application/problem+json' }, body })
  t.match(problem, { status: 409, title: 'Name taken', detail: 'There is a "prod" already' })
})

t.test('the title is the reason phrase of the status, or Upstream Error if there is none', async t => {
  t.equal(read({ status: 404 }).title, 'Not Found')
  t.equal(read({ status: 599 }).title, 'Upstream Error')
  t.equal(read({ status: 404, body: '{"title":"A film"}' }).title, 'Not Found')
})

t.test('the request id is that of Prisma Cloud, else the trace id, else null', async t => {
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

const waits: [title: string, status: number, headers: UpstreamResponse['headers'], seconds: number | undefined][] = [
  ['as the upstream says', 503, { 'retry-after': '30' }, 30],
  ['as the upstream says, whatever the status', 404, { 'retry-after': '30' }, 30],
  ['until a date', 503, { 'retry-after': new Date(now + 9000).toUTCString() }, 9],
  ['a second, if the upstream does not say', 429, {}, 1],
  ['a second, if the upstream is out of service', 503, {}, 1],
  ['a second, if Retry-After is malformed', 429, { 'retry-after': 'soon' }, 1],
  ['until the bucket has room for one more request', 429, { 'x-ratelimit-replenish-rate': '0.25' }, 4],
  ['no less than a second', 429, { 'x-ratelimit-replenish-rate': '80' }, 1],
  ['no less than a second, however fast', 429, { 'x-ratelimit-replenish-rate': 'Infinity' }, 1],
  ['no more than an hour', 429, { 'x-ratelimit-replenish-rate': '1e-300' }, 3600],
  ['a second, if the rate makes no sense', 429, { 'x-ratelimit-replenish-rate': '-1' }, 1],
  ['none', 500, {}, undefined],
]

for (const [title, status, headers, seconds] of waits) {
  t.test(`Retry-After: ${title}`, async t => t.equal(read({ status, headers }).retryAfter, seconds))
}
