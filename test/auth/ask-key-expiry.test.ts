import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { askKeyExpiry, type KeyAnswer } from '../../src/auth/ask-key-expiry.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { CALL_TIMEOUT, deadOrigin, KEY, upstream } from '../session/upstream.ts'

const TOKEN = new Secret('MARK-token-of-the-session')
const ID = 'MARK-id/of the?key'
const EXPIRES_ON = Date.UTC(2026, 5, 1)

const json = (value: unknown) => JSON.stringify(value)
const key = (more: object) => json({ id: ID, name: 'mine', ...more })
const redlock = (i18nKey: string) => ({ 'x-redlock-status': json([{ i18nKey, severity: 'error', subject: null }]) })

/** An upstream that gives this response to a question about the key. */
async function asking(t: Test, status: number, headers: Record<string, string>, body = '', basePath = '') {
  const given = await upstream(t, response => response.writeHead(status, headers).end(body), { basePath })
  const question = { api: given.api, token: TOKEN, accessKeyId: new Secret(ID) }
  const answer = askKeyExpiry(given.dispatcher, question, { clock: given.clock, timeout: CALL_TIMEOUT })
  return { ...given, answer }
}

t.test('the key is named in the path, encoded, and the token is sent in its header', async t => {
  const { answer, requests, clock } = await asking(t, 200, {}, key({ expiresOn: EXPIRES_ON }), '/prisma')
  t.strictSame(await answer, { expiry: EXPIRES_ON, reason: null })
  t.match(requests, [
    {
      request: {
        method: 'GET',
        url: '/prisma/access_keys/MARK-id%2Fof%20the%3Fkey',
        headers: {
          accept: 'application/json',
          'user-agent': /^prismacloud-proxy/,
          'x-redlock-auth': TOKEN.reveal(),
        },
      },
    },
  ])
  t.equal(clock.pending, 0)
})

const FORBIDDEN = redlock('unauthorized_to_use_access_keys')

const answers: [title: string, status: number, headers: Record<string, string>, body: string, answer: KeyAnswer][] = [
  ['a date', 200, {}, key({ expiresOn: EXPIRES_ON }), { expiry: EXPIRES_ON, reason: null }],
  ['the last date that there is', 200, {}, key({ expiresOn: 8.64e15 }), { expiry: 8.64e15, reason: null }],
  ['0', 200, {}, key({ expiresOn: 0 }), { expiry: 'never', reason: null }],
  ['null', 200, {}, key({ expiresOn: null }), { expiry: 'never', reason: null }],
  ['no date', 200, {}, key({}), { expiry: 'never', reason: null }],
  [
    '403 with a code',
    403,
    FORBIDDEN,
    '',
    {
      expiry: 'forbidden',
      reason:
        'HOST returned 403: unauthorized_to_use_access_keys: the role of this access key may not read access keys',
    },
  ],
  [
    '400 with a code',
    400,
    redlock('user_inactive_or_not_exist'),
    '',
    {
      expiry: 'unknown',
      reason: 'HOST returned 400: user_inactive_or_not_exist: the user is disabled, or does not exist in this tenant',
    },
  ],
  [
    '500 with a code',
    500,
    redlock('non_existing_access_key'),
    '',
    { expiry: 'unknown', reason: 'HOST returned 500: non_existing_access_key: there is no access key with this id' },
  ],
  [
    '404 with a code',
    404,
    {},
    json({ code: 'NOT_FOUND', message: 'No key' }),
    { expiry: 'unknown', reason: 'HOST returned 404: NOT_FOUND: No key' },
  ],
]

for (const [title, status, headers, body, expected] of answers) {
  t.test(`an answer: ${title}`, async t => {
    const { answer, host } = await asking(t, status, headers, body)
    const { expiry, reason } = await answer
    t.strictSame({ expiry, reason: reason?.replace(host, 'HOST') ?? null }, expected)
  })
}

const silences: [title: string, status: number, headers: Record<string, string>, body: string, says: RegExp][] = [
  ['200 that is not JSON', 200, {}, '<html>', /returned 200 without an access key$/],
  ['200 with null', 200, {}, 'null', /without an access key$/],
  ['200 with another object', 200, {}, json({ status: 'ok' }), /without an access key$/],
  ['200 with a date that is text', 200, {}, key({ expiresOn: '2026' }), /without an access key$/],
  ['200 with a date before 1970', 200, {}, key({ expiresOn: -1 }), /without an access key$/],
  ['200 with a date beyond all dates', 200, {}, '{"id":"x","expiresOn":1e400}', /without an access key$/],
  ['204', 204, {}, '', /returned 204 without an access key$/],
  ['a redirect', 302, { location: '/x' }, '', /returned 302 without an access key$/],
  ['401 with a code', 401, redlock('token_expired'), '', /returned 401: token_expired: /],
  ['429 with a code', 429, redlock('too_many_requests'), '', /returned 429: too_many_requests: /],
  [
    '403 of a firewall',
    403,
    {},
    '<!doctype html><title>Blocked</title>',
    /returned 403: The upstream returned an HTML page: Blocked$/,
  ],
  ['404 of another service', 404, {}, json({ error: 'Not Found', path: '/x' }), /returned 404: Not Found/],
  ['500 without a code', 500, {}, json({ message: 'broken' }), /returned 500: broken$/],
  ['503 with a code', 503, {}, json({ code: 'UNAVAILABLE', message: 'x' }), /returned 503: UNAVAILABLE: x$/],
]

for (const [title, status, headers, body, says] of silences) {
  t.test(`a response that says nothing about the key: ${title}`, async t => {
    const { answer } = await asking(t, status, headers, body)
    t.match(await failureOf(answer), { message: says })
  })
}

t.test('a host that refuses connections is named, and so is one that does not answer', async t => {
  const { dispatcher, api, clock, asked } = await upstream(t, () => {})
  const ask = (origin: string, signal?: AbortSignal) =>
    failureOf(
      askKeyExpiry(
        dispatcher,
        { api: { ...api, origin }, token: TOKEN, accessKeyId: KEY.accessKeyId },
        { clock, timeout: CALL_TIMEOUT, signal },
      ),
    )
  t.match(await ask(await deadOrigin()), { message: /^127\.0\.0\.1:\d+ refuses connections/ })
  const late = ask(api.origin)
  await asked
  await clock.advance(CALL_TIMEOUT)
  t.match(await late, { message: /did not respond in time/ })
  t.match(await ask(api.origin, AbortSignal.abort(new Error('over'))), { message: /^The connection to 127/ })
  t.equal(clock.pending, 0)
})

t.test('no secret is in what is told, though the response quotes both', async t => {
  const body = json({ code: 'NO', message: `no ${ID}, ${encodeURIComponent(ID)} for ${TOKEN.reveal()}` })
  for (const status of [403, 500, 503]) {
    const { answer } = await asking(t, status, redlock(`NO ${TOKEN.reveal()} ${ID}`), body)
    const told = inspect(await answer.catch((error: Error) => error))
    t.match(told, '[secret]')
    t.notMatch(told, /MARK/)
  }
})
