import { preferred } from '../../http/accept.ts'
import type { Exemplar } from './exemplars.ts'
import type { Family } from './families.ts'

/** One number of a metric, identified by its labels. */
export interface Sample<Label extends string = string> {
  readonly labels: Readonly<Record<Label, string>>
  readonly value: number
  /** What a sample of a histogram is. */
  readonly part?: Part
}

/** A bucket of a histogram, which has an upper bound and may have an exemplar, or one of its totals. */
type Part = '_sum' | '_count' | { readonly le: string; readonly exemplar: Exemplar | undefined }

/** A metric with its samples. */
export interface Exposed {
  readonly family: Family
  readonly samples: Iterable<Sample>
}

/** The two formats, by the media types that `Accept` names. */
export type Format = 'text/plain' | 'application/openmetrics-text'

/** The whole media type of each format. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  'text/plain': 'text/plain; version=0.0.4; charset=utf-8',
  'application/openmetrics-text': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** The format that an `Accept` header prefers. OpenMetrics only goes to those who ask for it, in whatever version. */
export function formatFor(accept: string | undefined): Format {
  return preferred(accept, 'text/plain', 'application/openmetrics-text')
}

/** A metric with its samples, whose labels are those of the declaration. */
export function exposed<Label extends string>(
  family: Family<Label>,
  samples: Iterable<Sample<NoInfer<Label>>>,
): Exposed {
  return { family, samples }
}

/** A metric without labels. */
export function single(family: Family<never>, value: number): Exposed {
  return { family, samples: [{ labels: {}, value }] }
}

/** The counts of a histogram. */
export interface Distribution {
  /** Upper bounds of the buckets, ascending; one more bucket is above them all. */
  readonly bounds: readonly number[]
  /** How many values are in a bucket and in no lower one. */
  readonly inBucket: (bucket: number) => number
  /** The sum of all values. */
  readonly sum: number
  readonly exemplar?: (bucket: number) => Exemplar | undefined
}

/** The samples of a histogram. Buckets are cumulative: each includes the lower ones. */
export function* histogramSamples<Label extends string>(
  labels: Sample<Label>['labels'],
  { bounds, inBucket, sum, exemplar }: Distribution,
): Generator<Sample<Label>> {
  let count = 0
  for (let bucket = 0; bucket <= bounds.length; bucket++) {
    count += inBucket(bucket)
    yield { part: { le: boundText(bounds[bucket]), exemplar: exemplar?.(bucket) }, labels, value: count }
  }
  yield { part: '_sum', labels, value: sum }
  yield { part: '_count', labels, value: count }
}

/** A bound as OpenMetrics wants it, in both formats, so that a series is the same in both. */
function boundText(bound = Number.POSITIVE_INFINITY): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf'
  return Number.isInteger(bound) ? `${bound}.0` : `${bound}`
}

/**
 * Renders metrics in the Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/) or in that
 * of OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/), which also has exemplars.
 */
export function expose(metrics: Iterable<Exposed>, format: Format): string {
  const isOpen = format === 'application/openmetrics-text'
  const lines: string[] = []
  for (const { family, samples } of metrics) {
    const { name, help, type, labels: names } = family
    // OpenMetrics names a counter without the suffix that its samples have
    const title = isOpen && type === 'counter' ? name.replace(/_total$/, '') : name
    lines.push(`# HELP ${title} ${help}`, `# TYPE ${title} ${type}`)
    for (const { labels, value, part } of samples) {
      const pairs = names.map(label => pair(label, labels[label]))
      if (typeof part !== 'object') lines.push(`${name}${part ?? ''}${listed(pairs)} ${value}`)
      else {
        const exemplar = isOpen && part.exemplar ? exemplarText(part.exemplar) : ''
        lines.push(`${name}_bucket${listed([pair('le', part.le), ...pairs])} ${value}${exemplar}`)
      }
    }
  }
  if (isOpen) lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

function exemplarText({ traceId, spanId, value, at }: Exemplar): string {
  return ` # ${listed([pair('trace_id', traceId), pair('span_id', spanId)])} ${value} ${at}`
}

function listed(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function pair(name: string, value = ''): string {
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
