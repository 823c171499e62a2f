import { join } from 'node:path'
import t from 'tap'
import { issue, makeCa } from '../support/pki.ts'
import { faultsOf, load, VENDOR } from './support.ts'

const ON = { ...VENDOR, PRISMACLOUD_PROXY_OTEL_ENABLED: 'true' }

const tracesOf = async (variables: Readonly<Record<string, string>>) =>
  (await load({ env: { ...ON, ...variables } })).traces

t.test('nothing is traced unless otel.enabled says so, and OTEL_SDK_DISABLED does not', async t => {
  t.equal((await load({ env: { ...VENDOR, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' } })).traces, null)
  t.equal(await tracesOf({ OTEL_SDK_DISABLED: 'true' }), null)
  t.ok(await tracesOf({ OTEL_SDK_DISABLED: 'false' }))
})

t.test('the defaults are those of OpenTelemetry', async t => {
  t.strictSame(await tracesOf({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }), {
    protocol: 'http/protobuf',
    propagates: true,
    url: 'http://localhost:4318/v1/traces',
    sampler: 'parentbased_always_on',
    ratio: 1,
    maxQueue: 2_048,
    authorities: null,
    identity: null,
  })
})

t.test('variables for traces override those for all signals', async t => {
  const all = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.test/otlp/', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  t.match(await tracesOf(all), { url: 'https://otel.test/otlp/v1/traces', protocol: 'http/json' })
  const own = {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces.test/x',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
  }
  t.match(await tracesOf({ ...all, ...own }), { url: 'http://traces.test/x', protocol: 'http/protobuf' })
})

t.test('traces can be kept from the collector, and from the upstream', async t => {
  t.match(await tracesOf({ OTEL_TRACES_EXPORTER: 'none' }), { protocol: null, propagates: true })
  t.match(await tracesOf({ OTEL_PROPAGATORS: 'none' }), { propagates: false })
  t.match(await tracesOf({ OTEL_PROPAGATORS: 'baggage, tracecontext' }), { propagates: true })
  t.match(await tracesOf({ OTEL_BSP_MAX_QUEUE_SIZE: '10' }), { maxQueue: 10 })
})

t.test('certificates come from files', async t => {
  const ca = await makeCa()
  const { cert, key } = await issue(ca, { names: ['proxy'] })
  const folder = t.testdir({ ca: ca.cert, cert, key })
  const file = (name: string) => join(folder, name)
  const traces = await tracesOf({
    OTEL_EXPORTER_OTLP_CERTIFICATE: file('ca'),
    OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: file('cert'),
    OTEL_EXPORTER_OTLP_CLIENT_KEY: file('key'),
  })
  t.match(traces, { authorities: ca.cert, identity: { cert } })
  t.ok(traces?.identity?.key.matches(key.trim()))
  t.notMatch(JSON.stringify(traces), /PRIVATE KEY/)
  t.match(await tracesOf({ OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file('cert') }), { identity: null })
})

t.test('each value that OpenTelemetry would ignore is one clear line', async t => {
  const wrong: Readonly<Record<string, readonly [value: string, line: RegExp]>> = {
    OTEL_SDK_DISABLED: ['yes', /"yes" is not supported; set it to true or false/],
    OTEL_EXPORTER_OTLP_PROTOCOL: ['grpc', /"grpc" is not supported; set it to http\/protobuf or http\/json/],
    OTEL_TRACES_EXPORTER: ['console', /"console" is not supported; set it to otlp or none/],
    OTEL_TRACES_SAMPLER: ['jaeger_remote', /"jaeger_remote" is not supported; set it to always_on or/],
    OTEL_TRACES_SAMPLER_ARG: ['10%', /"10%" is not accepted; set it to a number from 0 to 1/],
    OTEL_PROPAGATORS: [
      'tracecontext,b3',
      /"tracecontext,b3" is not supported; set it to tracecontext or baggage or none/,
    ],
    OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4318', /is not an http or https URL; set it to a URL such as http:/],
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ['//', /is not an http or https URL/],
    OTEL_EXPORTER_OTLP_TIMEOUT: ['0', /"0" is not accepted; set it to a number above 0/],
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: ['brotli', /"brotli" is not supported; set it to gzip or none/],
    OTEL_EXPORTER_OTLP_CERTIFICATE: ['/nowhere', /"\/nowhere" does not exist; name a file/],
    OTEL_EXPORTER_OTLP_HEADERS: ['MARK', /the value is not a list of name=value; separate pairs by commas/],
    OTEL_RESOURCE_ATTRIBUTES: ['a=MARK=', /the value is not a list of name=value/],
    OTEL_BSP_MAX_QUEUE_SIZE: ['many', /"many" is not accepted/],
  }
  const env = { ...ON, ...Object.fromEntries(Object.entries(wrong).map(([name, [value]]) => [name, value])) }
  const faults = await faultsOf({ env })
  t.equal(faults.length, Object.keys(wrong).length)
  for (const { key, origin, problem, cure } of faults) {
    t.equal(key, origin)
    t.match(`${problem}; ${cure}`, wrong[key]?.[1] ?? /no such/, key)
  }
  t.notMatch(JSON.stringify(faults), /MARK/)
})

t.test('headers may contain =, and lists may end in a comma', async t => {
  const headers = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic dXNlcjpwYXNz==,x-a=b,' }
  t.ok(await tracesOf({ ...headers, OTEL_RESOURCE_ATTRIBUTES: 'a=b, c=d' }))
})
