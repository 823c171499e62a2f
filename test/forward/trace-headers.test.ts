import t, { type Test } from 'tap'
import { startProxy } from '../support/proxy.ts'
import { keepTraces } from '../support/traces.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`
const STATE = ['tracestate', 'vendor=1', 'baggage', 'user=me']

/** A proxy, and what says of traces the upstream gets with a request. */
async function start(t: Test, traces: ReturnType<typeof keepTraces> | undefined) {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const proxy = await startProxy(t, { upstream: upstream.url, ...(traces && { traces }) })
  return async (headers: readonly string[]) => {
    await proxy.call('/v2/policy', { headers })
    const arrived = upstream.requests.at(-1)?.headers ?? []
    return arrived.filter(([name]) => /^(trace|baggage)/i.test(name)).flat()
  }
}

t.test('the upstream is told that the attempt is its parent', async t => {
  const traces = keepTraces()
  const arriving = await start(t, traces)
  const [, told] = await arriving([])
  const spans = await traces.next()
  const [server, attempt] = [spans[0], spans.at(-1)]
  t.equal(told, `00-${server?.trace.traceId}-${attempt?.trace.spanId}-01`)
  t.not(attempt?.trace.spanId, server?.trace.spanId)
})

t.test('the trace of a client goes on, with its state', async t => {
  const traces = keepTraces()
  const arriving = await start(t, traces)
  const arrived = await arriving(['Traceparent', PARENT, ...STATE])
  const spans = await traces.next()
  const [server, attempt] = [spans[0], spans.at(-1)]
  t.match(server, { trace: { traceId: TRACE }, parentId: '00f067aa0ba902b7' })
  t.strictSame(arrived, [
    'baggage',
    'user=me',
    ...STATE.slice(0, 2),
    'traceparent',
    `00-${TRACE}-${attempt?.trace.spanId}-01`,
  ])
})

t.test('what the client does not record is not recorded, but goes on', async t => {
  const traces = keepTraces()
  const arriving = await start(t, traces)
  const arrived = await arriving(['traceparent', PARENT.replace(/1$/, '0'), ...STATE])
  t.match(arrived.join(), new RegExp(`^baggage,user=me,tracestate,vendor=1,traceparent,00-${TRACE}-e+\\d-00$`))
  await arriving(['traceparent', PARENT])
  const [server] = await traces.next()
  t.equal(server?.parentId, '00f067aa0ba902b7', 'only the second is there')
})

t.test('an invalid trace is not continued, nor is its state passed on', async t => {
  const traces = keepTraces()
  const arriving = await start(t, traces)
  const twice = ['traceparent', PARENT, 'traceparent', PARENT]
  for (const given of [['traceparent', PARENT.slice(1)], twice, []]) {
    const arrived = await arriving([...given, ...STATE])
    const [server] = await traces.next()
    t.equal(server?.parentId, null)
    t.not(server?.trace.traceId, TRACE)
    t.strictSame(arrived.slice(0, 2), ['baggage', 'user=me'])
    t.match(arrived.slice(2), ['traceparent', new RegExp(`^00-${server?.trace.traceId}-`)])
  }
})

t.test('without tracing, or without propagation, all goes on as it came', async t => {
  const headers = ['traceparent', PARENT, ...STATE]
  t.strictSame(await (await start(t, undefined))(headers), headers)
  const traces = keepTraces({ propagates: false })
  const arriving = await start(t, traces)
  t.strictSame(await arriving(headers), headers)
  const [server] = await traces.next()
  t.equal(server?.parentId, null)
  t.not(server?.trace.traceId, TRACE)
  t.strictSame(await arriving([]), [])
})
