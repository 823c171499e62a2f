import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { systemClock } from '../../src/kernel/clock.ts'
import { startCollector } from '../support/collector.ts'
import { newFolder } from '../support/folder.ts'
import { callUrl } from '../support/http.ts'
import { everyMetric, panels } from '../support/metrics.ts'
import { run } from '../support/process.ts'
import { firstValue, startPrometheus } from '../support/prometheus.ts'
import { codeOf } from '../support/recipes.ts'
import { startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const ALERTS = resolve(import.meta.dirname, '../../config/alerts.yaml')

/** What Grafana puts in place of variables. */
const VARIABLES = { $__rate_interval: '1m', $job: 'prismacloud-proxy', $instance: '.*', $tenant: '.*' }

/** The queries of the dashboard, as Prometheus gets them. */
const QUERIES = panels().flatMap(({ targets = [] }) =>
  targets.map(({ expr }) =>
    Object.entries(VARIABLES).reduce((query, [name, value]) => query.replaceAll(name, value), expr),
  ),
)

t.test('promtool finds nothing wrong with the names of the metrics', async t => {
  const { proxy } = await startStack(t, 600)
  for (const path of ['/v2/policy', '/nowhere']) await callUrl(`${proxy}${path}`)
  const { text } = await callUrl(`${proxy}/_proxy/metrics`)
  const folder = newFolder(t)
  for (const [name, metrics] of Object.entries({ text, every: await everyMetric(t) })) {
    const file = join(folder, name)
    writeFileSync(file, metrics)
    t.strictSame(await run('sh', ['-c', `promtool check metrics < ${file}`]), { stdout: '', stderr: '' }, name)
  }
})

t.test('the alerts are rules that fire when they should', async t => {
  t.match((await run('promtool', ['check', 'rules', ALERTS])).stdout, /SUCCESS: \d+ rules found/)
  const tests = join(import.meta.dirname, 'alerts.yaml')
  t.match((await run('promtool', ['test', 'rules', tests])).stdout, 'SUCCESS')
})

t.test('Prometheus scrapes the proxy in OpenMetrics, as the recipe says, and answers the dashboard', async t => {
  const { proxy } = await startStack(t, 600, {
    PRISMACLOUD_PROXY_OTEL_ENABLED: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: (await startCollector(t)).url,
  })
  const [recipe = ''] = codeOf('Prometheus', 'yaml')
  const here = recipe
    .replace('127.0.0.1:9080', new URL(proxy).host)
    .replace('prismacloud-proxy/config/alerts.yaml', ALERTS)
  const config = parse(here)
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' }
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  for (const path of ['/v2/policy', '/v2/policy']) await callUrl(`${proxy}${path}`, { headers })
  const prometheus = await startPrometheus(t, config)

  t.equal(await firstValue(prometheus, 'prismacloud_proxy_requests_total{operation="/v2/policy",status="2xx"}'), 2)
  t.equal(await firstValue(prometheus, 'up{job="prismacloud-proxy"}'), 1)
  const quantile = 'histogram_quantile(0.99, prismacloud_proxy_request_duration_seconds_bucket{operation="/v2/policy"})'
  t.ok((await firstValue(prometheus, quantile)) < 60)
  t.ok((await firstValue(prometheus, 'prismacloud_proxy_session_expiry_timestamp_seconds - time()')) > 500)

  const query = 'prismacloud_proxy_request_duration_seconds_bucket{operation="/v2/policy"}'
  const around = { start: `${systemClock.now() / 1000 - 60}`, end: `${systemClock.now() / 1000 + 60}` }
  const exemplars = () => prometheus.ask('query_exemplars', { query, ...around })
  await until(async () => (await exemplars()).length > 0)
  t.match(await exemplars(), [{ exemplars: [{ labels: { trace_id: traceId, span_id: /^[0-9a-f]{16}$/ } }] }])

  const rules = async () => (await prometheus.ask('rules')).groups[0].rules
  await until(async () => (await rules()).every(({ health }: { health: string }) => health === 'ok'))
  t.ok((await rules()).length > 10)
  t.strictSame((await prometheus.ask('alerts')).alerts, [])

  t.ok(QUERIES.length > 40)
  for (const query of QUERIES) await t.resolves(prometheus.ask('query', { query }), query)
})
