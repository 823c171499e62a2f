import { execFileSync } from 'node:child_process'
import t from 'tap'
import { asCurl, asFetch, repeatable, type Sendable } from '../../src/page/logic/copy.ts'

const ORIGIN = 'http://127.0.0.1:9080'

const GET: Sendable = { method: 'GET', target: '/v2/policy', headers: [], body: null }

t.test('only headers that are worth it are sent again', async t => {
  const kept = repeatable([
    ['Host', 'localhost'],
    ['User-Agent', 'curl'],
    ['Authorization', '[secret]'],
    ['Cookie', '[secret]'],
    ['Sec-Fetch-Site', 'same-origin'],
    ['X-Request-Id', '1'],
    ['X-Prismacloud-Proxy-Page-Token', '[secret]'],
    ['Content-Length', '3'],
    ['Content-Type', 'application/json'],
    ['x-prismacloud-tenant', 'eu'],
  ])
  t.same(kept, [
    ['Content-Type', 'application/json'],
    ['x-prismacloud-tenant', 'eu'],
  ])
})

t.test('a command for curl', async t => {
  t.equal(asCurl(GET, ORIGIN), `curl 'http://127.0.0.1:9080/v2/policy'`)
  t.equal(asCurl({ ...GET, method: 'DELETE' }, ORIGIN), `curl -X DELETE 'http://127.0.0.1:9080/v2/policy'`)
  t.match(asCurl({ ...GET, target: '/v2?a[]={1}' }, ORIGIN), '--globoff')
  const post = { method: 'POST', target: '/a', headers: [['x-own', "it's"]] as const, body: '{"a":"$b `c`"}' }
  t.equal(
    asCurl(post, ORIGIN),
    `curl 'http://127.0.0.1:9080/a' \\\n  -H 'x-own: it'\\''s' \\\n  --data-raw '{"a":"$b \`c\`"}'`,
  )
  t.match(asCurl({ ...post, method: 'PUT' }, ORIGIN), 'curl -X PUT')
})

t.test('a shell takes every text as it is', async t => {
  const body = `'"\\$HOME \`id\` !x\n%s`
  const command = asCurl({ ...GET, method: 'POST', body }, ORIGIN).replace(/^curl/, `printf '%s\\n'`)
  t.equal(execFileSync('sh', ['-c', command]).toString(), `${ORIGIN}/v2/policy\n--data-raw\n${body}\n`)
})

t.test('a call of fetch', async t => {
  t.equal(asFetch(GET, ORIGIN), 'await fetch("http://127.0.0.1:9080/v2/policy", {\n  "headers": {}\n})')
  const post = { ...GET, method: 'POST', headers: [['x-own', '1']] as const, body: '{"a":1}' }
  t.same(JSON.parse(asFetch(post, ORIGIN).replace(/^await fetch\("[^"]*", (.*)\)$/s, '$1')), {
    method: 'POST',
    headers: { 'x-own': '1' },
    body: '{"a":1}',
  })
})
