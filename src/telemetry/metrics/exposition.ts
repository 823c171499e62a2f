/** One number of a metric, identified by its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** The suffix of a histogram sample: `_bucket`, `_sum` or `_count`. */
  readonly suffix?: string
}

/** A metric family: all samples of one name. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: Iterable<Sample>
}

/** The media type of the text that {@link expose} returns. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Renders families in the Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export function expose(families: Iterable<Family>): string {
  const lines: string[] = []
  for (const { name, help, type, samples } of families) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const { labels, value, suffix = '' } of samples) lines.push(`${name}${suffix}${listed(labels)} ${value}`)
  }
  return `${lines.join('\n')}\n`
}

function listed(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
