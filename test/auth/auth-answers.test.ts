import { inspect } from 'node:util'
import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { KEY, upstream } from '../session/upstream.ts'

const TOKEN = new Secret('MARK-old')

const json = (value: unknown) => JSON.stringify(value)
const tenants = (...names: unknown[]) => names.map(customerName => ({ customerName, prismaId: '1', tosAccepted: true }))

/** A response, and the failure that a login and an extension make of it. */
interface Row {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly login: string
  readonly extend: string
  readonly says: RegExp
  /** Why a login is rejected, where the code tells. */
  readonly reason?: string
  readonly retryAfter?: number
}

const redlock = (i18nKey: string) => ({ 'x-redlock-status': json([{ i18nKey, severity: 'error', subject: null }]) })
const HTML = '<!doctype html><title>Bad gateway</title>'

const answers: Record<string, Row> = {
  '401 invalid_credentials': {
    status: 401,
    headers: redlock('invalid_credentials'),
    login: 'rejected',
    extend: 'refused',
    says: /rejected the (access key|token) \(401 invalid_credentials: .*\)$/,
  },
  '401 for a user who must sign in by SSO': {
    status: 401,
    headers: redlock('sso_enabled_password_login_attempt'),
    login: 'rejected',
    extend: 'refused',
    says: /use an access key/,
    reason: 'sso-enabled',
  },
  '401 token_expired': {
    status: 401,
    headers: redlock('token_expired'),
    login: 'rejected',
    extend: 'refused',
    says: /token_expired/,
  },
  '400': {
    status: 400,
    body: json({ message: 'bad' }),
    login: 'rejected',
    extend: 'refused',
    says: /rejected the (access key|token) \(400 bad\)$/,
  },
  '404, as of another host': { status: 404, login: 'transient', extend: 'transient', says: /returned 404: / },
  '403 with a page, as of a firewall': {
    status: 403,
    body: '<html>blocked</html>',
    login: 'transient',
    extend: 'transient',
    says: /HTML/,
  },
  '403 with a reason': {
    status: 403,
    body: json({ code: 'FORBIDDEN', message: 'no' }),
    login: 'rejected',
    extend: 'refused',
    says: /FORBIDDEN/,
  },
  '408': { status: 408, login: 'transient', extend: 'transient', says: /returned 408: / },
  '429 with Retry-After': {
    status: 429,
    headers: { 'retry-after': '7' },
    body: HTML,
    login: 'transient',
    extend: 'transient',
    says: /returned 429: /,
    retryAfter: 7000,
  },
  '429 without Retry-After': {
    status: 429,
    login: 'transient',
    extend: 'transient',
    says: /returned 429: /,
    retryAfter: 1000,
  },
  '500': { status: 500, login: 'transient', extend: 'transient', says: /returned 500: / },
  '502 in HTML': { status: 502, body: HTML, login: 'transient', extend: 'transient', says: /502: .*Bad gateway/ },
  '503 with Retry-After': {
    status: 503,
    headers: { 'retry-after': '30' },
    login: 'transient',
    extend: 'transient',
    says: /returned 503: /,
    retryAfter: 30_000,
  },
  'a redirect, which is not followed': {
    status: 302,
    headers: { location: '/elsewhere' },
    login: 'transient',
    extend: 'transient',
    says: /returned 302 without a token for .*; check that it is a Prisma Cloud API host$/,
  },
  '204': { status: 204, login: 'transient', extend: 'transient', says: /returned 204 without a token/ },
  '200 without a body': { login: 'transient', extend: 'transient', says: /returned 200 without a token/ },
  '200 in HTML': { body: HTML, login: 'transient', extend: 'transient', says: /returned 200 without a token/ },
  '200 with cut JSON': {
    body: '{"token":"MA',
    login: 'transient',
    extend: 'transient',
    says: /returned 200 without a token/,
  },
  '200 with an empty token': {
    body: json({ token: '' }),
    login: 'transient',
    extend: 'transient',
    says: /returned 200 without a token/,
  },
  '200 with a token that is no text': {
    body: json({ token: { MARK: 1 } }),
    login: 'transient',
    extend: 'transient',
    says: /returned 200 without a token/,
  },
  '200 with null': { body: 'null', login: 'transient', extend: 'transient', says: /returned 200 without a token/ },
  '200 with a text': { body: '"MARK"', login: 'transient', extend: 'transient', says: /returned 200 without a token/ },
  '200 with one tenant and no token': {
    body: json({ customerNames: tenants('Acme') }),
    login: 'transient',
    extend: 'transient',
    says: /returned 200 without a token/,
  },
  '200 with strange tenants and no token': {
    body: json({ customerNames: [null, 7, {}, { customerName: 1 }] }),
    login: 'transient',
    extend: 'transient',
    says: /returned 200 without a token/,
  },
  '200 that is larger than any answer may be': {
    body: json({ padding: 'x'.repeat(2 * 1024 * 1024), token: 'MARK' }),
    login: 'transient',
    extend: 'transient',
    says: /returned 200 without a token/,
  },
}

for (const [
  title,
  { status = 200, headers = {}, body = '', retryAfter = 0, says, reason, ...natures },
] of Object.entries(answers)) {
  for (const call of ['login', 'extend'] as const) {
    t.test(`${call} answered ${title} is ${natures[call]}`, async t => {
      const { auth, host, requests } = await upstream(t, response => response.writeHead(status, headers).end(body))
      const failure = await failureOf(call === 'login' ? auth.login(KEY) : auth.extend(TOKEN))
      t.match(failure, { name: 'AuthFailure', nature: natures[call], reason, message: says, retryAfter })
      t.match(failure, { message: host })
      t.equal(requests.length, 1)
      t.notMatch(inspect(failure, { depth: null }), /MARK/)
    })
  }
}
