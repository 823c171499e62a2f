import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { posix } from 'node:path'
import t, { type Test } from 'tap'
import { call, type Reply } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { spellingsOf } from '../support/spellings.ts'

const TOKEN = 'the.real.token'
const AUTH_CALLS = {
  '/auth_token/extend': 'GET',
  '/login': 'POST',
  '/api/v1/authenticate': 'POST',
  '/api/v1/authenticate/renew': 'GET',
}

/** Transformations that real servers apply to a path before routing, in any order, even twice. */
const HABITS: readonly ((path: string) => string)[] = [
  // a server that parses its target as a URL
  path => (URL.canParse(path, 'http://api') ? new URL(path, 'http://api').pathname : path),
  path => path.replace(/%[0-7][0-9a-f]/gi, decodeURIComponent),
  path => {
    try {
      return decodeURIComponent(path)
    } catch {
      return path
    }
  },
  path => posix.normalize(path),
  path => String(path.split(/[?#]/)[0]),
  path => String(path.split(';')[0]),
  path => path.replace(/;[^/]*/g, ''),
  path => path.trim().replace(/\/+$/, ''),
  path => path.split('\0')[0] ?? '',
  path => path.replace(/\.[^./]*$/, ''),
  path => path.toLowerCase().normalize('NFKC'),
  path => path.replaceAll('\\', '/'),
]

/** Whether any server, however lenient, reads a target as an auth call. */
function isAuthCall(target: string): boolean {
  const seen = new Set([target])
  for (const path of seen) {
    if (path in AUTH_CALLS) return true
    for (const habit of HABITS) seen.add(habit(path))
    if (seen.size > 300) break
  }
  return false
}

/** An API and its Compute console that are as lenient as all servers together. */
async function lenientUpstream(t: Test) {
  const taken: string[] = []
  let logins = 0
  const server = createServer((request, response) => {
    request.resume()
    const { method, url = '' } = request
    const isLogin = method === 'POST' && url === '/login'
    if (isLogin) logins++
    else if (isAuthCall(url)) taken.push(`${method} ${url}`)
    const isAuth = isLogin || isAuthCall(url)
    response.end(JSON.stringify(isAuth ? { token: TOKEN } : { twistlockUrl: upstream }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url: upstream, taken, logins: () => logins }
}

interface Asked {
  readonly method: string
  readonly target: string
}

/** Sends requests, a few at a time, and returns them with their responses. */
async function askAll(port: number, asked: readonly Asked[], host: string) {
  const replies: (Asked & Reply)[] = []
  const left = [...asked]
  const next = async () => {
    for (let each = left.pop(); each; each = left.pop()) {
      const { method, target } = each
      const body = method === 'POST' ? { body: '{}' } : {}
      replies.push({ ...each, ...(await call(port, target, { method, headers: { host }, ...body })) })
    }
  }
  await Promise.all(Array.from({ length: 8 }, next))
  return replies
}

const FORMS: readonly { readonly name: string; readonly host?: string; target(path: string, api: string): string }[] = [
  { name: 'as a path', target: path => path },
  { name: 'below a tenant', target: path => `/_tenant/default${path}` },
  { name: 'below /_compute', target: path => `/_compute${path}` },
  { name: 'below a tenant and /_compute', target: path => `/_tenant/default/_compute${path}` },
  { name: 'for the host of Compute', host: 'compute.localhost', target: path => path },
  { name: 'in absolute form', target: (path, api) => api + path },
]

for (const { name, host = 'localhost', target } of FORMS) {
  t.test(`no spelling of an auth call reaches the upstream, nor its token the client: ${name}`, async t => {
    const upstream = await lenientUpstream(t)
    const proxy = await startProxy(t, { upstream: upstream.url })
    const asked = Object.entries(AUTH_CALLS).flatMap(([path, method]) =>
      spellingsOf(path).map(spelling => ({ method, target: target(spelling, upstream.url) })),
    )
    t.ok(asked.length > 1_000)
    const replies = await askAll(proxy.port, asked, host)
    t.strictSame(upstream.taken, [])
    t.ok(upstream.logins() <= 1, 'the proxy logs in for itself')
    const told = replies.filter(({ text, rawHeaders }) => `${text}${rawHeaders}`.includes(TOKEN))
    const expected = (target: string) => (target.includes('#') ? [400] : [200, 400, 403, 404])
    const strange = replies.filter(({ target, status }) => !expected(target).includes(status))
    t.strictSame(
      [...told, ...strange].map(({ method, target, status }) => `${method} ${target}: ${status}`),
      [],
    )
  })
}
