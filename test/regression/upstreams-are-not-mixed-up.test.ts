// The URL cache of @fastify/reply-from gave one upstream's requests to another (CVE-2026-16158).
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('the same path goes to each tenant’s own upstream, with its own token', async t => {
  const upstreams = new Map<string, string>()
  for (const name of ['default', 'other']) {
    const { url } = await rawUpstream(
      t,
      ({ headers, answer }) =>
        answer(http('200 OK', [], `${name} ${headers.find(([key]) => key === 'x-redlock-auth')?.[1]}`)),
      { login: ({ answer }) => answer(http('200 OK', [], JSON.stringify({ token: `token-of-${name}` }))) },
    )
    upstreams.set(name, url)
  }
  const url = upstreams.get('other') ?? ''
  const { call } = await startProxy(t, {
    upstream: upstreams.get('default') ?? '',
    tenants: { default: {}, other: { url } },
  })
  const names = Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? 'other' : 'default'))
  const replies = await Promise.all(names.map(name => call('/same', { headers: { 'x-prismacloud-tenant': name } })))
  t.strictSame(
    replies.map(({ text }) => text),
    names.map(name => `${name} token-of-${name}`),
  )
})
