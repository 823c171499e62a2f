import t from 'tap'
import { meaningOf401 } from '../../src/forward/unauthorized.ts'

const status = (...codes: string[]) =>
  JSON.stringify(codes.map(i18nKey => ({ i18nKey, severity: 'error', subject: null })))

t.test('a 401 says by its reasons whether the token or a permission is at fault', async t => {
  const table: [header: string | undefined, meaning: string][] = [
    [status('token_expired'), 'token'],
    [status('invalid_token'), 'token'],
    [status('JWT_INVALID'), 'token'],
    [status('session_not_permitted'), 'unknown'],
    [status('unauthorized_access'), 'permission'],
    [status('unauthorized_access', 'token_expired'), 'token'],
    [status('something_else'), 'unknown'],
    [undefined, 'unknown'],
    ['', 'unknown'],
    ['not JSON', 'unknown'],
    ['[{}]', 'unknown'],
  ]
  for (const [header, meaning] of table) t.equal(meaningOf401(header), meaning, header ?? 'none')
})
