import { FAMILIES } from './families.ts'

/** The Markdown table of all metrics, for config/README.md. */
export function metricsTable(): string {
  const rows = Object.values(FAMILIES).map(({ name, type, labels, help }) => {
    return `| \`${name}\` | ${type} | ${labels.map(label => `\`${label}\``).join(', ')} | ${help} |`
  })
  return ['| Metric | Type | Labels | Description |', '|---|---|---|---|', ...rows].join('\n')
}
