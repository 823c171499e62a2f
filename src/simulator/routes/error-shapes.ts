// Examples of every error shape of the API, served under `/errors/{shape}`.
// To add one, see src/upstream-errors/shapes.ts, which reads them.

import { gzipSync } from 'node:zlib'

/** An error response of some service of the API. */
export interface ErrorShape {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

const TIMESTAMP = '2026-01-01T00:00:00.000+00:00'

/** Every error shape that the API descriptions declare or that was seen, by name. */
export const errorShapes = {
  header: inHeader([{ i18nKey: 'invalid_parameter_value', severity: 'error', subject: 'timeRange' }]),
  'header-several': inHeader([
    { i18nKey: 'invalid_parameter_value', severity: 'error', subject: 'timeRange' },
    { i18nKey: 'limit_exceeded', severity: 'warning', subject: null },
  ]),
  'error-object': inJson(400, {
    error: { code: 'BadArgument', message: 'Password is too short', target: 'password', details: {} },
  }),
  flat: inJson(404, { code: 'NOT_FOUND', message: 'No such resource', target: 'resourceId' }),
  'inner-error': inJson(400, {
    code: '400 BAD_REQUEST',
    message: 'Invalid request',
    target: 'filters',
    innererror: { code: 'UNKNOWN_FILTER' },
  }),
  'inner-error-camel': inJson(400, {
    code: '400 BAD_REQUEST',
    message: 'Invalid request',
    target: 'filters',
    innerError: { code: 'UNKNOWN_FILTER' },
  }),
  spring: inJson(404, { timestamp: TIMESTAMP, status: 404, error: 'Not Found', message: '', path: '/x' }),
  'spring-details': inJson(400, {
    timestamp: TIMESTAMP,
    status: 400,
    error: 'Bad Request',
    errorDetails: ['name must not be empty', 'limit must be positive'],
    message: 'Validation failed',
    path: '/x',
    requestId: 'a1b2c3d4-1',
  }),
  'spring-http-status': inJson(400, {
    timestamp: TIMESTAMP,
    httpStatus: 400,
    error: 'Bad Request',
    errorDetails: ['name must not be empty'],
    message: 'Validation failed',
    path: '/x',
  }),
  debug: inJson(400, {
    timestamp: TIMESTAMP,
    status: '400 BAD_REQUEST',
    message: 'Malformed JSON request',
    debugMessage: 'Unexpected character',
    subErrors: null,
  }),
  named: inJson(400, { name: 'ValidationError', message: 'Invalid input', detail: 'repository is required' }),
  'i18n-body': inJson(400, {
    i18nKey: 'invalid_parameter_value',
    severity: 'ERROR',
    subject: 'timeRange',
    statusCode: 400,
  }),
  graphql: inJson(400, { data: null, errors: [{ message: 'Cannot query field "x"' }, { message: 'Syntax error' }] }),
  problem: inJson(
    403,
    {
      type: 'https://api.simulator.invalid/problems/forbidden',
      title: 'Forbidden',
      status: 403,
      detail: 'The role may not do this',
      instance: '/x',
      parameters: { permission: 'alertsView' },
    },
    'application/problem+json',
  ),
  details: inJson(400, {
    message: 'BAD_REQUEST',
    details: 'Invalid payload',
    timeStamp: 1701778720128,
    request_id: 'a1b2c3d4-2',
  }),
  compute: inJson(400, { err: 'invalid scan id' }),
  string: inJson(400, 'Something is wrong with the request'),
  boolean: inJson(400, false),
  array: inJson(400, ['first thing', 'second thing']),
  html: inText(502, 'text/html', '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>'),
  text: inText(503, 'text/plain', 'upstream connect error or disconnect/reset before headers'),
  empty: { status: 500, headers: {}, body: '' },
  cut: inText(400, 'application/json', '{"error":{"code":"BadArgument","message":"Passw'),
  compressed: compressed(inJson(400, { code: 'BAD_REQUEST', message: 'Invalid request', target: 'filters' })),
} as const satisfies Readonly<Record<string, ErrorShape>>

function inHeader(entries: readonly object[]): ErrorShape {
  return { status: 400, headers: { 'x-redlock-status': JSON.stringify(entries) }, body: '' }
}

function inText(status: number, type: string, body: string): ErrorShape {
  return { status, headers: { 'content-type': type }, body }
}

function inJson(status: number, value: unknown, type = 'application/json'): ErrorShape {
  return inText(status, type, JSON.stringify(value))
}

function compressed({ status, headers, body }: ErrorShape): ErrorShape {
  return { status, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(body) }
}
