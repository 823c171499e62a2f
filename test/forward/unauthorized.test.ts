import t from 'tap'
import { meaningOf401 } from '../../src/forward/unauthorized.ts'

const errors = (...reasons: { code?: string; message?: string }[]) =>
  reasons.map(reason => ({ code: null, message: null, severity: null, subject: null, ...reason }))

t.test('a 401 says by its reasons whether the token or a permission is at fault', async t => {
  const table: [reasons: Parameters<typeof errors>, meaning: string][] = [
    [[{ code: 'token_expired' }], 'token'],
    [[{ code: 'invalid_token' }], 'token'],
    [[{ code: 'JWT_INVALID' }], 'token'],
    [[{ message: 'Token expired.' }], 'token'],
    [[{ code: 'Unauthorized', message: 'JWT expired' }], 'token'],
    [[{ code: 'session_not_permitted' }], 'unknown'],
    [[{ code: 'unauthorized_access' }], 'permission'],
    [[{ message: 'Unauthorized access' }], 'permission'],
    [[{ code: 'unauthorized_access' }, { code: 'token_expired' }], 'token'],
    [[{ code: 'something_else', message: 'the token expired, or so they say' }], 'unknown'],
    [[{}], 'unknown'],
    [[], 'unknown'],
  ]
  for (const [reasons, meaning] of table) t.equal(meaningOf401(errors(...reasons)), meaning, JSON.stringify(reasons))
})
