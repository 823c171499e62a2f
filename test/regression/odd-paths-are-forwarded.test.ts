// @fastify/http-proxy refuses paths that merely look like dot segments or begin with two slashes, and collapses `/./`.
import t from 'tap'
import { startPair } from '../support/proxy.ts'

t.test('what is no dot segment is forwarded as it is, and what is one is refused instead of resolved', async t => {
  const { call, simulator } = await startPair(t)
  for (const path of ['/...b', '/x..%2Fy', '//x', '/a%2Fb', '/a;b', '/%252e%252e/x']) {
    t.equal((await call(path)).status, 404, 'the simulator has no such path')
    t.equal(simulator.requests.at(-1)?.url, path)
  }
  const { length } = simulator.requests
  for (const path of ['/a/./b', '/a/../b', '/a%2F..%2Fb']) t.equal((await call(path)).status, 400, path)
  t.equal(simulator.requests.length, length)
})
