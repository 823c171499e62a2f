import t from 'tap'
import { readErrors } from '../../src/upstream-errors/shapes.ts'

type Told = [code: string | null, message: string | null, subject?: string | null, severity?: string | null]

const cases: [shape: string, value: unknown, errors: Told[]][] = [
  [
    'error object',
    { error: { code: 'BadArgument', message: 'Previous passwords cannot be reused', target: 'password', details: {} } },
    [['BadArgument', 'Previous passwords cannot be reused', 'password']],
  ],
  ['flat', { code: 'C1', message: 'No', target: 'name' }, [['C1', 'No', 'name']]],
  ['flat, message alone', { message: 'No' }, [[null, 'No']]],
  ['flat, code as a number', { code: 17, message: 4 }, [['17', '4']]],
  [
    'inner error',
    { code: '400 BAD_REQUEST', message: 'No', target: 'x', innererror: { code: 'too_long' } },
    [
      ['400 BAD_REQUEST', 'No', 'x'],
      ['too_long', null],
    ],
  ],
  [
    'inner error in camel case',
    { code: '400', innerError: { code: 'too_long' } },
    [
      ['400', null],
      ['too_long', null],
    ],
  ],
  [
    'Spring without a message',
    { timestamp: '2026-01-01T00:00:00Z', status: 404, error: 'Not Found', message: '', path: '/x' },
    [[null, 'Not Found', '/x']],
  ],
  [
    'Spring with http status and details',
    {
      timestamp: '2026-01-01T00:00:00Z',
      httpStatus: 400,
      error: 'Bad Request',
      errorDetails: ['name is missing', { field: 'size', message: 'too big' }, null],
      message: 'Validation failed',
      path: '/x',
    },
    [
      [null, 'Validation failed', '/x'],
      [null, 'name is missing'],
      [null, 'too big', 'size'],
    ],
  ],
  [
    'debug',
    { timestamp: 't', status: '400 BAD_REQUEST', message: 'Malformed', debugMessage: 'at line 1', subErrors: null },
    [[null, 'Malformed']],
  ],
  [
    'debug with sub-errors and no message',
    { status: '400 BAD_REQUEST', debugMessage: 'at line 1', subErrors: [{ field: 'id', message: 'is missing' }] },
    [
      [null, 'at line 1'],
      [null, 'is missing', 'id'],
    ],
  ],
  ['debug without information', { debugMessage: null, subErrors: null, code: 'C' }, [['C', null]]],
  ['named', { name: 'ValidationError', message: 'No', detail: 'too long' }, [['ValidationError', 'No: too long']]],
  ['named, detail alone', { name: 'ValidationError', detail: 'too long' }, [['ValidationError', 'too long']]],
  ['named, name alone', { name: 'ValidationError' }, [['ValidationError', null]]],
  [
    'i18n body',
    { i18nKey: 'unauthorized_access', severity: 'ERROR', subject: 'alert', statusCode: 400 },
    [['unauthorized_access', null, 'alert', 'error']],
  ],
  [
    'GraphQL',
    { data: null, errors: [{ message: 'Unknown field' }, { message: 'Second' }] },
    [
      [null, 'Unknown field'],
      [null, 'Second'],
    ],
  ],
  ['an empty list of errors beside a message', { errors: [], message: 'No' }, [[null, 'No']]],
  [
    'RFC 9457',
    { type: 'about:blank', title: 'Conflict', status: 409, detail: 'Exists already', instance: '/x', parameters: [] },
    [[null, 'Exists already']],
  ],
  ['RFC 9457 without detail', { type: 'https://example.com/conflict', title: 'Conflict' }, [[null, 'Conflict']]],
  [
    'details',
    { message: 'BAD_REQUEST', details: 'Invalid payload', timeStamp: 1701778720128, request_id: 'r' },
    [['BAD_REQUEST', 'Invalid payload']],
  ],
  ['Compute', { err: 'no such host' }, [[null, 'no such host']]],
  ['bare string', 'Something failed', [[null, 'Something failed']]],
  [
    'bare array of strings',
    ['One', 'Two', ['deeper'], false].slice(0, 4),
    [
      [null, 'One'],
      [null, 'Two'],
    ],
  ],
  ['bare array of objects', [{ message: 'token expired' }], [[null, 'token expired']]],
  ['bare boolean', false, []],
  ['bare null', null, []],
  ['no value', undefined, []],
  ['an object without information', { a: 1 }, []],
  ['members of the wrong type', { code: {}, message: ['x'], error: false, err: null, details: {}, errors: 'x' }, []],
  ['a list beyond the limit', Array(50).fill('x'), Array(20).fill([null, 'x'])],
  [
    'a shape with more errors than the limit',
    { error: 'Bad Request', errorDetails: Array(50).fill('x') },
    [[null, 'Bad Request'], ...Array(19).fill([null, 'x'])],
  ],
  ['keys that pollute prototypes', JSON.parse('{"__proto__":{"code":"x"},"constructor":{"code":"x"}}'), []],
  ['text that controls a terminal', 'a\u001b[2J\nb\ud800', [[null, 'a [2J b']]],
  ['very long text', 'x'.repeat(5000), [[null, `${'x'.repeat(1000)}…`]]],
]

for (const [shape, value, errors] of cases) {
  t.test(`reads ${shape}`, async t => {
    const expected = errors.map(([code, message, subject = null, severity = null]) => ({
      code,
      message,
      severity,
      subject,
    }))
    t.strictSame(readErrors(value), expected)
  })
}
