import { Writable } from 'node:stream'
import { globalErrorHandler } from '@opentelemetry/core'
import t, { type Test } from 'tap'
import { readOtel } from '../../src/config/otel.ts'
import { createLog } from '../../src/kernel/log.ts'
import { openTraces } from '../../src/telemetry/otel/open-traces.ts'
import type { Span } from '../../src/telemetry/tracing/span.ts'
import { testClock } from '../support/clock.ts'
import { startCollector } from '../support/collector.ts'
import { freePort } from '../support/free-port.ts'
import { issue, makeCa } from '../support/pki.ts'
import { startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

/** When the spans of these tests begin, in milliseconds since the epoch. */
const BEGAN = Date.UTC(2026, 0, 1)

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

const JSON_AT_ONCE = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '1' }

/** Opens what sends spans, with these variables in the environment of this process as well. */
async function openWith(t: Test, variables: Readonly<Record<string, string>>) {
  const before = Object.keys(variables).map(name => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  t.teardown(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  const faults: never[] = []
  const config = await readOtel({ enabled: true }, variables, faults)
  t.strictSame(faults, [])
  if (config === null) throw new Error('tracing is off')
  const lines: { level: number; msg: string }[] = []
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()))
      done()
    },
  })
  const clock = testClock()
  const traces = openTraces(config, { env: variables, log: createLog('trace', output, clock), clock, version: '1.2.3' })
  return { traces, clock, lines, said: () => lines.map(({ msg }) => msg) }
}

/** A span of a new trace. */
function spanOf(traces: { begin(parent: null): Span['trace'] }, more: Partial<Span> = {}): Span {
  const trace = traces.begin(null)
  return {
    trace,
    parentId: null,
    name: 'GET',
    kind: 'server',
    from: BEGAN,
    to: BEGAN + 1_000,
    attributes: {},
    failed: false,
    ...more,
  }
}

t.test('spans arrive at the collector as they are, with what sends them', async t => {
  const collector = await startCollector(t)
  const { traces, said } = await openWith(t, {
    ...JSON_AT_ONCE,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=top%20secret',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_SERVICE_NAME: 'my-proxy',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  })
  const parent = { traceId: TRACE, spanId: '00f067aa0ba902b7', isSampled: true }
  const trace = traces.begin(parent)
  t.match(trace, { traceId: TRACE, spanId: /^[0-9a-f]{16}$/, isSampled: true })
  const child = { ...trace, spanId: 'abcdefabcdefabcd' }
  traces.write([
    spanOf(traces, { trace, parentId: parent.spanId, attributes: { text: 'a', number: 1 } }),
    spanOf(traces, {
      trace: child,
      parentId: trace.spanId,
      kind: 'client',
      name: 'GET /x',
      failed: true,
      from: BEGAN + 500,
    }),
    spanOf(traces, { kind: 'internal', name: 'wait' }),
  ])
  await traces.close()
  const [server, client, internal] = await collector.got(3)
  t.match(server, {
    traceId: TRACE,
    spanId: trace.spanId,
    parentSpanId: parent.spanId,
    name: 'GET',
    kind: 2,
    startTimeUnixNano: `${BEGAN}000000`,
    endTimeUnixNano: `${BEGAN + 1_000}000000`,
    status: { code: 0 },
    attributes: { text: 'a', number: 1 },
    resource: {
      'service.name': 'my-proxy',
      'service.version': '1.2.3',
      'service.instance.id': /^[0-9a-f-]{36}$/,
      'telemetry.sdk.name': 'opentelemetry',
      'deployment.environment.name': 'test',
    },
  })
  t.match(client, { traceId: TRACE, spanId: child.spanId, parentSpanId: trace.spanId, kind: 3, status: { code: 2 } })
  t.match(internal, { kind: 1, name: 'wait' })
  t.notOk(internal?.parentSpanId)
  const [request] = collector.requests
  t.match(request, { path: '/v1/traces', headers: { 'x-key': 'top secret', 'content-encoding': 'gzip' } })
  t.match(request?.headers['user-agent'], /^prismacloud-proxy\//)
  t.strictSame(said(), [])
})

t.test('protobuf is what is sent unless a variable says otherwise', async t => {
  const collector = await startCollector(t)
  const { traces } = await openWith(t, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/mine` })
  const span = spanOf(traces, { name: 'GET /v2/policy', attributes: { key: 'a value' } })
  traces.write([span])
  await traces.close()
  const [request] = collector.requests
  t.match(request, { path: '/mine', headers: { 'content-type': 'application/x-protobuf' } })
  const body = request?.body.toString('latin1')
  for (const text of ['GET /v2/policy', 'a value', 'prismacloud-proxy']) t.ok(body?.includes(text), text)
  t.ok(request?.body.includes(Buffer.from(span.trace.traceId, 'hex')), 'the trace id in bytes')
})

t.test('a real request, its attempt and its wait reach the collector', async t => {
  const collector = await startCollector(t)
  const { traces } = await openWith(t, { ...JSON_AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  const { call } = await startPair(t, { traces })
  await call('/v2/policy', { headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } })
  await collector.got(4)
  const ofClient = collector.spans.filter(({ traceId }) => traceId === TRACE)
  const [server, wait, attempt] = ofClient
  t.match(ofClient, [
    { name: 'GET /v2/policy', kind: 2, parentSpanId: '00f067aa0ba902b7' },
    { name: 'wait for session', kind: 1 },
    { name: 'GET /v2/policy', kind: 3 },
  ])
  t.strictSame([wait?.parentSpanId, attempt?.parentSpanId], [server?.spanId, server?.spanId])
  t.match(
    collector.spans.filter(({ traceId }) => traceId !== TRACE),
    [{ name: 'POST /login', kind: 3 }],
  )
})

t.test('the sampler decides, unless the client did', async t => {
  const ratio = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' }
  const collector = await startCollector(t)
  const { traces } = await openWith(t, { ...JSON_AT_ONCE, ...ratio, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  const count = (parent: Parameters<typeof traces.begin>[0]) =>
    Array.from({ length: 1_000 }, () => traces.begin(parent)).filter(({ isSampled }) => isSampled).length
  const parent = { traceId: TRACE, spanId: '00f067aa0ba902b7', isSampled: true }
  t.equal(count(parent), 1_000)
  t.equal(count({ ...parent, isSampled: false }), 0)
  const kept = count(null)
  t.ok(kept > 50 && kept < 200, `${kept} of 1000`)
  let span = spanOf(traces)
  while (!span.trace.isSampled) span = spanOf(traces)
  traces.write([span])
  await traces.close()
  t.match(await collector.got(1), [{ traceId: span.trace.traceId }], 'what was decided stays so')
})

t.test('each sampler that OpenTelemetry names decides as it says', async t => {
  const parent = { traceId: TRACE, spanId: '00f067aa0ba902b7', isSampled: true }
  for (const [name, root, sampled, unsampled] of [
    ['always_on', true, true, true],
    ['always_off', false, false, false],
    ['traceidratio', false, false, false],
    ['parentbased_always_on', true, true, false],
    ['parentbased_always_off', false, true, false],
    ['parentbased_traceidratio', false, true, false],
  ] as const) {
    const env = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: '0', OTEL_TRACES_EXPORTER: 'none' }
    const { traces } = await openWith(t, env)
    const decisions = [null, parent, { ...parent, isSampled: false }].map(each => traces.begin(each).isSampled)
    t.strictSame(decisions, [root, sampled, unsampled], name)
  }
})

t.test('with OTEL_TRACES_EXPORTER=none nothing is sent, but traces go on', async t => {
  const collector = await startCollector(t)
  const env = { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  const { traces, said } = await openWith(t, env)
  traces.write([spanOf(traces)])
  t.ok(traces.propagates)
  await traces.close()
  t.strictSame([collector.requests, said()], [[], []])
})

t.test('one line says that the collector takes nothing, and one that it does again', async t => {
  const collector = await startCollector(t)
  const env = { ...JSON_AT_ONCE, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20MARK-of-the-collector' }
  const { traces, said, lines } = await openWith(t, { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  collector.status = 400
  collector.answer = 'what is Bearer MARK-of-the-collector?'
  for (let batch = 1; batch <= 3; batch++) {
    traces.write([spanOf(traces), spanOf(traces)])
    await until(() => collector.requests.length === batch)
  }
  collector.status = 200
  collector.answer = ''
  traces.write([spanOf(traces)])
  await until(() => said().length > 1)
  t.match(said(), [
    /^traces cannot be sent to http:\/\/127\.0\.0\.1:\d+\/v1\/traces \(it returned 400\); spans are lost until that works/,
    /^traces are sent to http:\/\/127\.0\.0\.1:\d+\/v1\/traces again; 6 spans were lost$/,
  ])
  t.strictSame(
    lines.map(({ level }) => level),
    [40, 30],
  )
  t.notMatch(JSON.stringify(lines), /MARK/)
  await traces.close()
})

t.test('who has not taken spans before is not waited for at the end', async t => {
  const env = { ...JSON_AT_ONCE, OTEL_EXPORTER_OTLP_TIMEOUT: '1' }
  const endpoint = `http://user:MARK-password@127.0.0.1:${await freePort()}/otlp/`
  const { traces, said } = await openWith(t, { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
  traces.write([spanOf(traces)])
  await until(() => said().length > 0)
  await traces.close()
  t.match(said(), [/^traces cannot be sent to http:\/\/127\.0\.0\.1:\d+\/otlp\/v1\/traces \(ECONNREFUSED\)/])
  t.strictSame(said().length, 1)
})

t.test('a collector that does not answer delays the end by two seconds at most', async t => {
  const collector = await startCollector(t)
  collector.status = 0
  const { traces, said, clock } = await openWith(t, { ...JSON_AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  traces.write([spanOf(traces)])
  const closed = traces.close()
  await until(() => collector.requests.length === 1)
  await clock.advance(1_990)
  t.strictSame(said(), [])
  await clock.advance(20)
  await closed
  t.match(said(), [/^the last spans are lost: http:\S+ did not take them in time$/])
})

t.test('the queue is bounded, and what does not fit is reported once others arrive', async t => {
  const collector = await startCollector(t)
  const env = { ...JSON_AT_ONCE, OTEL_BSP_MAX_QUEUE_SIZE: '2', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2' }
  const { traces, said } = await openWith(t, { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  traces.write([spanOf(traces)])
  traces.write([spanOf(traces), spanOf(traces)])
  await until(() => said().length === 1)
  t.match(said(), [/^2 spans were lost: they are made faster than sent; sample fewer/])
  t.equal(collector.spans.length, 1)
  traces.write([spanOf(traces), spanOf(traces)])
  await collector.got(3)
  await traces.close()
})

t.test('the collector is verified, whatever Node.js is told', async t => {
  const ca = await makeCa()
  const identity = await issue(ca, { names: ['localhost'] })
  const client = await issue(ca, { names: ['proxy'] })
  const files = t.testdir({ 'ca.pem': ca.cert, 'cert.pem': client.cert, 'key.pem': client.key })
  const collector = await startCollector(t, { identity })
  const env = { ...JSON_AT_ONCE, NODE_TLS_REJECT_UNAUTHORIZED: '0', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  const careless = await openWith(t, env)
  careless.traces.write([spanOf(careless.traces)])
  await until(() => careless.said().length > 0)
  t.match(careless.said(), [
    /\((UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)\)/,
  ])
  t.strictSame(collector.requests, [])
  await careless.traces.close()
  const trusting = await openWith(t, {
    ...env,
    OTEL_EXPORTER_OTLP_CERTIFICATE: `${files}/ca.pem`,
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: `${files}/cert.pem`,
    OTEL_EXPORTER_OTLP_CLIENT_KEY: `${files}/key.pem`,
  })
  trusting.traces.write([spanOf(trusting.traces)])
  await collector.got(1)
  await trusting.traces.close()
})

t.test('what OpenTelemetry says goes to the log, once a minute, without secrets', async t => {
  const collector = await startCollector(t)
  const rejected = { partialSuccess: { rejectedSpans: 1, errorMessage: 'no Bearer MARK-of-the-collector' } }
  collector.answer = JSON.stringify(rejected)
  const env = { ...JSON_AT_ONCE, OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=Bearer%20MARK-of-the-collector' }
  const { traces, said, clock } = await openWith(t, { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  for (let batch = 1; batch <= 2; batch++) {
    traces.write([spanOf(traces)])
    await collector.got(batch)
    await until(() => said().length === 1)
  }
  t.match(said(), [/^OpenTelemetry: Received Partial Success response: .*rejectedSpans.*no \[secret\]/])
  await clock.advance(60_000)
  traces.write([spanOf(traces)])
  await until(() => said().length === 2)
  globalErrorHandler(new Error('Timeout'))
  t.match(said()[2], /^traces cannot be sent to \S+ \(Timeout\)/)
  traces.write([spanOf(traces)])
  await until(() => said().length === 4)
  t.match(said()[3], /again; 0 spans were lost/)
  await traces.close()
})
