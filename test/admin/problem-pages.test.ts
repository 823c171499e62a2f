import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { problemPages } from '../../src/admin/problem-pages.ts'
import { problemTypes } from '../../src/problem/catalogue.ts'
import { i18nHelp } from '../../src/problem/i18n-keys.ts'

const names = Object.keys(problemTypes)
const html = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

function serve(t: Tap): FastifyInstance {
  const app = Fastify()
  app.register(problemPages)
  t.teardown(() => app.close())
  return app
}

type Tap = Pick<typeof import('tap').t, 'teardown'>

t.test('every problem type has a page in JSON with its meaning and a command to check', async t => {
  const app = serve(t)
  for (const name of names) {
    const answer = await app.inject({ url: `/_proxy/problems/${name}`, headers: { host: 'localhost:9080' } })
    t.equal(answer.statusCode, 200, name)
    t.match(answer.headers, { 'content-type': /^application\/json/, vary: 'accept' })
    const page = answer.json()
    t.match(page, { name, type: `/_proxy/problems/${name}`, meaning: String, causes: [String], cure: String })
    t.match(page.check, /^curl -i http:\/\/localhost:9080\/_proxy\//)
  }
})

t.test('every problem type has a page in HTML that loads nothing from the network', async t => {
  const app = serve(t)
  for (const name of names) {
    const answer = await app.inject({ url: `/_proxy/problems/${name}`, headers: html })
    t.equal(answer.statusCode, 200, name)
    t.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
    t.match(answer.body, `<h1>${name}</h1>`)
    t.match(answer.body, '<pre>curl -i http://')
    t.notMatch(answer.body, /<script|src=/)
  }
})

t.test('a page says whether the problem is retryable', async t => {
  const app = serve(t)
  const page = async (name: string) => (await app.inject({ url: `/_proxy/problems/${name}`, headers: html })).body
  t.match(await page('overloaded'), '<dt>retryable</dt><dd>yes</dd>')
  t.match(await page('policy-denied'), '<dt>retryable</dt><dd>no</dd>')
  t.match(await page('upstream-error'), '<dd>depends on the status and the request</dd>')
})

t.test('a page explains the error keys of the API', async t => {
  const app = serve(t)
  const page = async (name: string, headers = {}) => app.inject({ url: `/_proxy/problems/${name}`, headers })
  const rejected = (await page('credentials-rejected')).json()
  t.strictSame(Object.keys(rejected.keys), ['invalid_credentials', 'sso_enabled_password_login_attempt'])
  t.strictSame((await page('draining')).json().keys, {})
  t.strictSame((await page('upstream-error')).json().keys, Object.fromEntries(i18nHelp))
  t.match((await page('rate-limited', html)).body, '<dt>too_many_requests</dt><dd>too many requests for this user')
  t.notMatch((await page('draining', html)).body, 'Error keys of the API')
})

t.test('the list has every problem type, in JSON and in HTML', async t => {
  const app = serve(t)
  t.equal((await app.inject({ url: '/_proxy/problems' })).statusCode, 200)
  const json = await app.inject({ url: '/_proxy/problems/' })
  t.strictSame(
    json.json().problems.map((problem: { name: string }) => problem.name),
    names,
  )
  const page = await app.inject({ url: '/_proxy/problems/', headers: html })
  for (const name of names) t.match(page.body, `<a href="/_proxy/problems/${name}">${name}</a>`)
})

t.test('an unknown name is 404 with the known names and a suggestion', async t => {
  const app = serve(t)
  const answer = await app.inject({ url: '/_proxy/problems/rate-limit?secret=1' })
  t.equal(answer.statusCode, 404)
  t.match(answer.headers['content-type'], /^application\/problem\+json/)
  t.match(answer.json(), {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: 'Unknown problem type; did you mean rate-limited?',
    instance: '/_proxy/problems/rate-limit',
    requestId: /./,
    retryable: false,
    known: names,
  })
})

t.test('names that every object inherits are unknown too, and no input is echoed unescaped', async t => {
  const app = serve(t)
  for (const name of ['constructor', '__proto__', 'toString']) {
    t.equal((await app.inject({ url: `/_proxy/problems/${name}` })).statusCode, 404, name)
  }
  const hostile = await app.inject({ url: '/_proxy/problems/%3Cscript%3E', headers: html })
  t.match(hostile.json(), { detail: 'Unknown problem type', instance: '/_proxy/problems/%3Cscript%3E' })
})
