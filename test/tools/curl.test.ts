import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { curl } from '../support/process.ts'
import { startStack } from '../support/stack.ts'

const MIB = 1024 * 1024
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

t.test('a request needs nothing but a path', async t => {
  const { proxy } = await startStack(t, 600)
  const answer = await curl(`${proxy}/v2/policy`)
  t.equal(answer.status, 200)
  t.ok(JSON.parse(answer.body).length > 0)
  t.ok(answer.headers['x-request-id'])
  t.match(answer.headers['server-timing'], /session;dur=.*queue;dur=.*upstream;dur=/)
})

t.test('what curl sends by default is what the API wants', async t => {
  const { proxy } = await startStack(t, 600)
  await t.test('-d with JSON and no content type', async t => {
    const body = '{"timeRange":{"type":"to_now","value":"epoch"},"limit":3}'
    const answer = await curl('-d', body, `${proxy}/v2/alert`)
    t.equal(answer.status, 200)
    t.equal(JSON.parse(answer.body).items.length, 3)
  })
  await t.test('-I', async t => {
    const answer = await curl('-I', '-o', devNull, `${proxy}/v2/policy`)
    t.equal(answer.status, 200)
    t.equal(answer.body, '')
  })
  await t.test('a page after the other', async t => {
    const first = JSON.parse((await curl(`${proxy}/v2/alert?limit=100`)).body)
    const second = JSON.parse((await curl(`${proxy}/v2/alert?limit=100&pageToken=${first.nextPageToken}`)).body)
    t.notSame(first.items[0], second.items[0])
  })
})

t.test('an error says what is wrong', async t => {
  const { proxy } = await startStack(t, 600)
  const answer = await curl('-d', '{}', `${proxy}/v2/alert`)
  t.equal(answer.status, 400)
  t.match(answer.headers['content-type'], 'application/problem+json')
  t.match(answer.headers['x-redlock-status'], 'timeRange')
  t.match(JSON.parse(answer.body), {
    type: '/_proxy/problems/upstream-error',
    status: 400,
    detail: /^invalid_parameter_value: timeRange/,
    instance: '/v2/alert',
    retryable: false,
    upstream: { errors: [{ code: 'invalid_parameter_value', subject: 'timeRange' }] },
  })
})

t.test('a wrong Host is refused', async t => {
  const { proxy } = await startStack(t, 600)
  const answer = await curl('-H', 'Host: rebound.example', `${proxy}/v2/policy`)
  t.equal(answer.status, 403)
  t.match(JSON.parse(answer.body).type, 'host-not-allowed')
})

t.test('curl -x reaches the API of a tenant', async t => {
  const { proxy, simulator } = await startStack(t, 600)
  const answer = await curl('-x', proxy, `http://${new URL(simulator.url).host}/v2/policy`)
  t.equal(answer.status, 200)
  t.ok(JSON.parse(answer.body).length > 0)
})

t.test('50 MB go down and up unharmed', async t => {
  const { proxy } = await startStack(t, 600)
  const directory = t.testdir({})
  await t.test('down', async t => {
    const file = join(directory, 'down')
    const { headers } = await curl('-o', file, `${proxy}/download?bytes=${50 * MIB}`)
    const bytes = readFileSync(file)
    t.equal(bytes.length, 50 * MIB)
    t.equal(sha256(bytes), headers['x-simulator-sha256'])
  })
  await t.test('up, with the Expect: 100-continue that curl sends', async t => {
    const bytes = randomBytes(50 * MIB)
    const file = join(directory, 'up')
    writeFileSync(file, bytes)
    const answer = await curl(
      '--data-binary',
      `@${file}`,
      '-H',
      'content-type: application/octet-stream',
      `${proxy}/upload`,
    )
    t.match(JSON.parse(answer.body), { bytes: 50 * MIB, sha256: sha256(bytes) })
  })
})
