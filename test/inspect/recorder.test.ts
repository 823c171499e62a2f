import { inspect } from 'node:util'
import t from 'tap'
import type { KeptBodies } from '../../src/inspect/kept-bodies.ts'
import type { RequestDetails, RequestRecord } from '../../src/inspect/record.ts'
import { Recorder } from '../../src/inspect/recorder.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { Problem } from '../../src/problem/problem.ts'
import { type Exchange, noteReceived, noteSent } from '../../src/request/exchange.ts'
import { testClock } from '../support/clock.ts'
import { makeExchange } from './rig.ts'

t.test('a request is there as soon as it begins, and complete when it ends', async t => {
  const recorder = new Recorder(testClock(), 10)
  const exchange = makeExchange('id-1')
  const record = recorder.begin(exchange, ['Accept', '*/*', 'Cookie', 'MARK', 'X-Redlock-Auth', 'MARK'])
  t.match([...recorder.latest()], [{ number: 1, id: 'id-1', status: null, times: { total: null, firstByte: null } }])
  exchange.tenant = 'eu'
  exchange.spent.queue = 7
  exchange.head = { headers: ['Set-Cookie', 'MARK', 'Server', 'x'], at: 1012 }
  exchange.failure = new Problem('upstream-timeout', 'It took too long')
  recorder.end(record, { status: 504, took: 20 })
  const [latest] = recorder.latest()
  const details = await recorder.details(latest as RequestRecord)
  t.match(
    [details],
    [
      {
        method: 'GET',
        target: '/v2/policy?x=1',
        tenant: 'eu',
        operation: 'other',
        status: 504,
        times: { queue: 7, firstByte: 12, total: 20 },
        problem: { type: 'upstream-timeout', detail: 'It took too long' },
        requestHeaders: [
          ['Accept', '*/*'],
          ['Cookie', '[secret]'],
          ['X-Redlock-Auth', '[secret]'],
        ],
        responseHeaders: [
          ['Set-Cookie', '[secret]'],
          ['Server', 'x'],
        ],
      },
    ],
  )
  t.notMatch(JSON.stringify([...recorder.latest(), details]), 'MARK')
  t.notMatch(inspect(recorder, { showHidden: true, depth: 9 }), 'MARK', 'kept, but not shown')
})

t.test('only the latest are kept', async t => {
  const recorder = new Recorder(testClock(), 3)
  const ids = () => [...recorder.latest()].map(({ id }) => id)
  t.same(ids(), [])
  for (let n = 1; n <= 7; n++) {
    recorder.begin(makeExchange(`${n}`), [])
    t.same(ids(), [n, n - 1, n - 2].filter(each => each > 0).map(String))
  }
})

t.test('a record that is no longer kept can still be completed', async t => {
  const recorder = new Recorder(testClock(), 1)
  const old = recorder.begin(makeExchange('old'), [])
  recorder.begin(makeExchange('new'), [])
  recorder.end(old, { status: 200, took: 1 })
  t.match([...recorder.latest()], [{ id: 'new', status: null }])
})

t.test('a request ends only once', async t => {
  const recorder = new Recorder(testClock(), 1)
  const record = recorder.begin(makeExchange('id'), [])
  recorder.end(record, { status: 200, took: 1 })
  recorder.end(record, { status: 0, took: 2 })
  t.match([...recorder.latest()], [{ status: 200, times: { total: 1 } }])
})

t.test('a long target is cut', async t => {
  const recorder = new Recorder(testClock(), 1)
  recorder.begin(makeExchange('id', `/${'x'.repeat(9_000)}`), [])
  t.equal([...recorder.latest()][0]?.target.length, 4_096)
})

/** A recorder of the latest requests that keeps all bodies, and how much of each. */
function recorderOf(max: number, maxBody = 1_000, known: () => readonly Secret[] = () => []): Recorder {
  return new Recorder(testClock(), max, { settings: () => ({ bodies: 'all', maxBody }), secrets: known })
}

/** The details of the latest request. */
async function latestOf(recorder: Recorder): Promise<RequestDetails> {
  const [record] = recorder.latest()
  return recorder.details(record as RequestRecord)
}

t.test('the bodies of a request are in its details, while it runs and later', async t => {
  const recorder = recorderOf(10)
  const exchange = makeExchange('id-1')
  const record = recorder.begin(exchange, [])
  t.match(await latestOf(recorder), { id: 'id-1', requestBody: null, responseBody: null })
  noteReceived(exchange, Buffer.from('{"password":"MARK"}'))
  t.match(await latestOf(recorder), {
    requestBytes: 19,
    requestBody: { text: '{"password":"[secret]"}' },
    responseBody: null,
  })
  exchange.head = { headers: ['Content-Type', 'image/png'], at: 1012 }
  noteSent(exchange, Buffer.alloc(7), 200)
  recorder.end(record, { status: 200, took: 20 })
  t.match(await latestOf(recorder), {
    bytes: 7,
    requestBody: { size: 19 },
    responseBody: { note: 'binary: image/png' },
  })
  const [listed] = recorder.latest()
  t.notOk(Object.keys(listed ?? {}).some(name => name.endsWith('Body')))
})

t.test('what the proxy knew of secrets when a request ended is not shown later', async t => {
  let known = [new Secret('the-key-of-yesterday')]
  const recorder = recorderOf(10, 1_000, () => known)
  const exchange = makeExchange('id-1')
  const record = recorder.begin(exchange, [])
  noteReceived(exchange, Buffer.from('note: the-key-of-yesterday, the-key-of-today'))
  recorder.end(record, { status: 200, took: 20 })
  known = [new Secret('the-key-of-today')]
  t.match(await latestOf(recorder), { requestBody: { text: 'note: [secret], [secret]' } })
})

t.test('many large bodies take no more memory than is stated', async t => {
  const [requests, maxBody] = [10, 4_096]
  const recorder = recorderOf(requests, maxBody)
  const exchanges: Exchange[] = []
  const large = Buffer.alloc(1024 * 1024, 'x')
  for (let n = 0; n < 200; n++) {
    const exchange = makeExchange(`${n}`)
    recorder.begin(exchange, [])
    exchanges.push(exchange)
    // also those that began earlier run on
    for (const each of exchanges.slice(-20)) {
      noteReceived(each, large)
      noteSent(each, large, 200)
    }
  }
  const held = exchanges.flatMap(({ tap }) => {
    const { request, response } = tap as KeptBodies
    return [request, response].map(start => start?.bytes.buffer.byteLength ?? 0)
  })
  t.equal(
    held.reduce((all, each) => all + each),
    requests * 2 * maxBody,
  )
})

t.test('a request that is no longer kept has no bodies', async t => {
  const recorder = recorderOf(1)
  const exchange = makeExchange('old')
  recorder.begin(exchange, [])
  noteReceived(exchange, Buffer.from('a'))
  const [old] = recorder.latest()
  recorder.begin(makeExchange('new'), [])
  t.match(await recorder.details(old as RequestRecord), { id: 'old', requestBody: null, responseBody: null })
})

t.test('without bodies to keep nobody receives any', async t => {
  const [recorder, exchange] = [new Recorder(testClock(), 1), makeExchange('id-1')]
  recorder.begin(exchange, [])
  t.equal(exchange.tap, null)
  t.match(await latestOf(recorder), { requestBody: null, responseBody: null })
})
