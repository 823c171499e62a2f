import t from 'tap'
import { expose, exposed, formatFor, histogramSamples, single } from '../../src/telemetry/metrics/exposition.ts'
import type { Family } from '../../src/telemetry/metrics/families.ts'

const HITS: Family<'x' | 'y'> = { name: 'hits_total', help: 'How many.', type: 'counter', labels: ['y', 'x'] }
const SIZE: Family<never> = { name: 'size_bytes', help: 'How much.', type: 'gauge', labels: [] }
const TIME: Family<'x'> = { name: 'time_seconds', help: 'How long.', type: 'histogram', labels: ['x'] }

const exemplar = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), value: 0.75, at: 1767225600.25 }

/** A counter, a gauge, and a histogram with one exemplar. */
const metrics = () => [
  exposed(HITS, [{ labels: { x: '1', y: '2' }, value: 3 }]),
  single(SIZE, 0.5),
  exposed(
    TIME,
    histogramSamples<'x'>(
      { x: '1' },
      {
        bounds: [0.5, 1],
        inBucket: bucket => [4, 2, 1][bucket] ?? 0,
        sum: 9.5,
        exemplar: bucket => (bucket === 1 ? exemplar : undefined),
      },
    ),
  ),
]

t.test('metrics are rendered one after the other, each with help, type and samples', async t => {
  t.equal(
    expose(metrics(), 'text/plain'),
    [
      '# HELP hits_total How many.',
      '# TYPE hits_total counter',
      'hits_total{y="2",x="1"} 3',
      '# HELP size_bytes How much.',
      '# TYPE size_bytes gauge',
      'size_bytes 0.5',
      '# HELP time_seconds How long.',
      '# TYPE time_seconds histogram',
      'time_seconds_bucket{le="0.5",x="1"} 4',
      'time_seconds_bucket{le="1.0",x="1"} 6',
      'time_seconds_bucket{le="+Inf",x="1"} 7',
      'time_seconds_sum{x="1"} 9.5',
      'time_seconds_count{x="1"} 7',
      '',
    ].join('\n'),
  )
})

t.test('OpenMetrics names counters without their suffix, has exemplars, and an end', async t => {
  const trace = `{trace_id="${exemplar.traceId}",span_id="${exemplar.spanId}"}`
  t.equal(
    expose(metrics(), 'application/openmetrics-text'),
    [
      '# HELP hits How many.',
      '# TYPE hits counter',
      'hits_total{y="2",x="1"} 3',
      '# HELP size_bytes How much.',
      '# TYPE size_bytes gauge',
      'size_bytes 0.5',
      '# HELP time_seconds How long.',
      '# TYPE time_seconds histogram',
      'time_seconds_bucket{le="0.5",x="1"} 4',
      `time_seconds_bucket{le="1.0",x="1"} 6 # ${trace} 0.75 1767225600.25`,
      'time_seconds_bucket{le="+Inf",x="1"} 7',
      'time_seconds_sum{x="1"} 9.5',
      'time_seconds_count{x="1"} 7',
      '# EOF',
      '',
    ].join('\n'),
  )
})

t.test('label values are escaped', async t => {
  const samples = [{ labels: { x: 'back\\slash "quote"\nline', y: '' }, value: 1 }]
  const [, , line] = expose([exposed(HITS, samples)], 'text/plain').split('\n')
  t.equal(line, 'hits_total{y="",x="back\\\\slash \\"quote\\"\\nline"} 1')
})

/** What Prometheus 2.42 and 3.5 send. */
const PROMETHEUS = [
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
]

t.test('OpenMetrics goes to those who prefer it', async t => {
  for (const accept of [...PROMETHEUS, 'application/openmetrics-text; version=1.0.0'])
    t.equal(formatFor(accept), 'application/openmetrics-text', accept)
  const others = ['*/*', 'text/plain', 'text/html,*/*;q=0.8', 'text/plain,application/openmetrics-text;q=0.9', '']
  for (const accept of [undefined, ...others]) t.equal(formatFor(accept), 'text/plain', `${accept}`)
})
