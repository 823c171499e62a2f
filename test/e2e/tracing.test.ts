import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { startCollector } from '../support/collector.ts'
import { freePort } from '../support/free-port.ts'
import { callUrl } from '../support/http.ts'
import { shellLines } from '../support/markdown.ts'
import { startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

const README = readFileSync(join(resolve(import.meta.dirname, '../..'), 'README.md'), 'utf8')

const AT_ANY_PORT = { PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0' }

t.test('a process sends its last spans before it ends, not through the outbound proxy', async t => {
  const collector = await startCollector(t)
  const line = shellLines(README).find(each => each.includes('--otel-enabled')) ?? ''
  const [variable = '', , ...args] = line.split(' ')
  t.match(variable, /^OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/localhost:4318$/)
  const simulator = await startSimulatorProcess(t, 600)
  const nobody = `http://127.0.0.1:${await freePort()}`
  const cli = startCli(t, args, {
    ...credentials(simulator),
    ...AT_ANY_PORT,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '600000',
    HTTP_PROXY: nobody,
    HTTPS_PROXY: nobody,
    NODE_USE_ENV_PROXY: '1',
    NO_PROXY: new URL(simulator.url).host,
  })
  const [, address = ''] = await cli.until(/listening at (http:\S+?)"/)
  await cli.until(/ready in/)
  t.equal((await callUrl(`${address}/v2/policy`)).status, 200)
  t.strictSame(collector.spans, [], 'they wait')
  cli.process.kill('SIGINT')
  t.equal(await cli.ended, 0)
  const spans = collector.spans.map(({ kind, name }) => `${kind} ${name}`)
  t.strictSame(spans.toSorted(), ['2 GET /v2/policy', '3 GET /v2/policy', '3 POST /login'])
  t.notMatch(Buffer.concat(collector.requests.map(({ body }) => body)).toString(), /DEMO|eyJ/)
})

t.test('neither a collector that is away nor one that hangs keeps a process from ending', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const hanging = await startCollector(t)
  hanging.status = 0
  for (const url of [`http://127.0.0.1:${await freePort()}`, hanging.url]) {
    const tracing = { PRISMACLOUD_PROXY_OTEL_ENABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: url }
    const cli = startCli(t, ['start'], { ...credentials(simulator), ...AT_ANY_PORT, ...tracing })
    const [, address = ''] = await cli.until(/listening at (http:\S+?)"/)
    t.equal((await callUrl(`${address}/v2/policy`)).status, 200)
    cli.process.kill('SIGINT')
    t.equal(await cli.ended, 0)
    t.match(cli.output(), /the last spans are lost: http:\S+ did not take them in time/)
    t.equal(cli.output().match(/spans/g)?.length, 1)
  }
})

t.test('a variable that would have no effect is one line at start', async t => {
  const env = { PC_URL: 'app2', PC_IDENTITY: 'id', PC_SECRET: 'secret', PRISMACLOUD_PROXY_OTEL_ENABLED: 'true' }
  const cli = startCli(t, ['start'], { ...env, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })
  t.equal(await cli.ended, 2)
  t.equal(
    cli.output(),
    'invalid configuration (1 problem):\n- OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" is not supported; set it to http/protobuf or http/json\n',
  )
})
