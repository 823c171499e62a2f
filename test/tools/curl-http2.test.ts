import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const WRITE = ['-sS', '-w', ' %{http_code} by HTTP/%{http_version}']

t.test('curl comes to HTTP/1.1 by itself, whichever way it tries HTTP/2', async t => {
  const upstream = await rawUpstream(t, async request => {
    await request.body()
    request.answer(http('200 OK', [], request.head.startsWith('POST') ? 'taken' : 'fine'))
  })
  const { port } = await startProxy(t, { upstream: upstream.url })
  const curl = (...args: string[]) =>
    promisify(execFile)('curl', [...WRITE, ...args, `http://127.0.0.1:${port}/x`]).then(({ stdout }) => stdout)
  const body = 'x'.repeat(100_000)
  for (let number = 0; number < 5; number++) {
    for (const way of ['--http2-prior-knowledge', '--http2']) {
      t.equal(await curl(way), 'fine 200 by HTTP/1.1')
      t.equal(await curl(way, '-d', '{}'), 'taken 200 by HTTP/1.1')
      t.equal(await curl(way, '-H', 'expect:', '--data-binary', body), 'taken 200 by HTTP/1.1')
    }
  }
  t.equal(upstream.requests.length, 30, 'each is sent once')
})
