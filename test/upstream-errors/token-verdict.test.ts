import t from 'tap'
import { tokenVerdict } from '../../src/upstream-errors/token-verdict.ts'

const errors = (...reasons: { code?: string; message?: string }[]) =>
  reasons.map(reason => ({ code: null, message: null, severity: null, subject: null, ...reason }))

t.test('a 401 says by its reasons whether the token or a permission is at fault', async t => {
  const table: [reasons: Parameters<typeof errors>, verdict: string][] = [
    [[{ code: 'token_expired' }], 'bad'],
    [[{ code: 'invalid_token' }], 'bad'],
    [[{ code: 'JWT_INVALID' }], 'bad'],
    [[{ message: 'Token expired.' }], 'bad'],
    [[{ code: 'Unauthorized', message: 'JWT expired' }], 'bad'],
    [[{ code: 'session_not_permitted' }], 'none'],
    [[{ code: 'unauthorized_access' }], 'good'],
    [[{ message: 'Unauthorized access' }], 'good'],
    [[{ code: 'unauthorized_access' }, { code: 'token_expired' }], 'bad'],
    [[{ code: 'something_else', message: 'the token expired, or so they say' }], 'none'],
    [[{}], 'none'],
    [[], 'none'],
  ]
  for (const [reasons, verdict] of table) t.equal(tokenVerdict(errors(...reasons)), verdict, JSON.stringify(reasons))
})
