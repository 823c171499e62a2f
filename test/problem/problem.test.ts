import t from 'tap'
import { type ProblemName, problemTypes } from '../../src/problem/catalogue.ts'
import { Problem, problemDocument } from '../../src/problem/problem.ts'

t.test('a problem takes defaults from its type', async t => {
  const cause = new Error('ECONNREFUSED')
  const problem = new Problem('upstream-unreachable', 'No connection', { cause })
  t.match(problem, { status: 502, title: 'Bad Gateway', retryable: true, retryAfter: undefined, upstream: undefined })
  t.equal(problem.message, 'No connection')
  t.equal(problem.cause, cause)
})

t.test('a problem document has the members of the contract, and not the cause', async t => {
  const problem = new Problem('overloaded', 'Too much', { retryAfter: 3, cause: new Error('for the log') })
  t.strictSame(problemDocument(problem, { instance: '/v2/alert', requestId: 'r1', compute: false }), {
    type: '/_proxy/problems/overloaded',
    title: 'Service Unavailable',
    status: 503,
    detail: 'Too much',
    instance: '/v2/alert',
    requestId: 'r1',
    retryable: true,
    message: 'Too much',
  })
})

t.test('message has the detail or the title, and so has err for Compute', async t => {
  const document = (detail: string, compute: boolean, members = {}) =>
    problemDocument(new Problem('overloaded', detail, { members }), { instance: '/x', requestId: 'r', compute })
  t.match(document('Too much', true), { message: 'Too much', err: 'Too much' })
  t.notOk('err' in document('Too much', false))
  t.match(document('', true), { detail: '', message: 'Service Unavailable', err: 'Service Unavailable' })
  const theirs = { message: 'theirs', err: 'theirs' }
  t.match(document('Too much', true, theirs), { message: 'Too much', err: 'Too much' })
  t.match(document('Too much', false, theirs), { message: 'Too much', err: 'theirs' })
})

t.test('the document of an upstream error contains what the upstream returned', async t => {
  const upstream = { host: 'api2.prismacloud.io', status: 400, requestId: null, errors: [], body: null }
  const problem = new Problem('upstream-error', 'No', { status: 400, title: 'Bad Request', retryable: true, upstream })
  t.match(problemDocument(problem, { instance: '/x', requestId: 'r2', compute: false }), {
    status: 400,
    title: 'Bad Request',
    retryable: true,
    upstream,
  })
})

t.test('429 and 503 always have Retry-After', async t => {
  for (const [name, { status }] of Object.entries(problemTypes)) {
    const { retryAfter } = new Problem(name as ProblemName, 'x')
    t.equal(retryAfter, status === 429 || status === 503 ? 1 : undefined, name)
  }
  t.equal(new Problem('upstream-error', 'x', { status: 503 }).retryAfter, 1)
  t.equal(new Problem('rate-limited', 'x', { retryAfter: 7 }).retryAfter, 7)
})
