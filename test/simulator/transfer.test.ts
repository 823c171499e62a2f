import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import t from 'tap'
import { request } from 'undici'
import { reasons, rig } from './client.ts'

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

t.test('an upload of any type and size returns its size and hash', async t => {
  const { call, login, simulator } = await rig(t)
  const token = await login()
  const small = await call('/upload', { method: 'POST', token, body: 'some bytes' })
  t.same(small.json(), { bytes: 10, sha256: sha256('some bytes') })
  const block = Buffer.alloc(1024 * 1024, 'x')
  const body = Readable.from([block, block, block])
  const big = await request(`${simulator.url}/upload`, { method: 'POST', headers: { 'x-redlock-auth': token }, body })
  t.same(await big.body.json(), { bytes: 3 * block.length, sha256: sha256(Buffer.concat([block, block, block])) })
})

t.test('a download has the requested size, the same bytes each time, and their hash in a header', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  for (const bytes of [0, 1, 65536, 65537, 3_000_000]) {
    const reply = await call(`/download?bytes=${bytes}`, { token })
    t.equal(reply.body.length, bytes)
    t.equal(reply.headers['content-length'], String(bytes))
    t.equal(reply.headers['x-simulator-sha256'], sha256(reply.body))
    t.equal((await call(`/download?bytes=${bytes}`, { token })).headers['x-simulator-sha256'], sha256(reply.body))
  }
})

t.test('all blocks of a download differ, so that a lost or repeated one is noticed', async t => {
  const { call, login } = await rig(t)
  const { body } = await call('/download?bytes=131072', { token: await login() })
  t.notOk(body.subarray(0, 65536).equals(body.subarray(65536)))
})

t.test('a download without a size, or larger than 1 GiB, is rejected', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  for (const query of ['', '?bytes=-1', '?bytes=x', '?bytes=1073741825']) {
    t.match(reasons(await call(`/download${query}`, { token })), [{ subject: 'bytes' }])
  }
})

t.test('echo returns the raw request of any method', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  const url = '/echo?a=%2F&b=ü&c=?'.replace('ü', '%C3%BC')
  for (const method of ['GET', 'PUT', 'PATCH', 'OPTIONS'] as const) {
    const reply = await call(url, { method, token, headers: { 'X-Mixed-Case': 'Yes' } })
    const seen = reply.json()
    t.equal(seen.method, method)
    t.equal(seen.url, url)
    t.ok(seen.headers.some(([name, value]: string[]) => name === 'X-Mixed-Case' && value === 'Yes'))
    t.same(seen.body, { bytes: 0, sha256: sha256('') })
  }
})

t.test('echo shows a short hash instead of a token', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  const reply = await call('/echo', { token, headers: { Authorization: 'Bearer of bad news' } })
  t.notMatch(reply.text, token)
  t.notMatch(reply.text, 'bad news')
  t.match(reply.text, `"x-redlock-auth","sha256:${sha256(token).slice(0, 8)}"`)
})
