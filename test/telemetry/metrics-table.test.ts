import t from 'tap'
import { sectionOf } from '../support/markdown.ts'
import { configFile, everyMetric } from '../support/metrics.ts'

/** What is known of metrics: type and labels, by name. */
type Known = Readonly<Record<string, readonly [type: string, labels: readonly string[]]>>

/** What the table says. */
function listed(): Known {
  const section = sectionOf(configFile('README.md'), 'Metrics')
  const rows = section.matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \| .+ \|$/gm)
  return Object.fromEntries(
    [...rows].map(([, name = '', type = '', labels = '']) => [name, [type, labels.match(/\w+/g) ?? []]]),
  )
}

/** What a proxy exposes. */
function exposed(text: string): Known {
  const families = text.split(/^# HELP .*\n/m).slice(1)
  return Object.fromEntries(
    families.map(family => {
      const [, name = '', type = ''] = /^# TYPE (\w+) (\w+)$/m.exec(family) ?? []
      const sample = new RegExp(`^${name}(?:_bucket)?(?:{(.+)})? `, 'm').exec(family)
      if (!sample) throw new Error(`${name} has no sample`)
      const labels = [...(sample[1] ?? '').matchAll(/(\w+)="/g)].map(([, label = '']) => label)
      return [name, [type, labels.filter(label => label !== 'le')]]
    }),
  )
}

t.test('a proxy exposes the metrics that the table lists, with these labels, and no others', async t => {
  const [shown, told] = [exposed(await everyMetric(t)), listed()]
  t.ok(Object.keys(told).length > 30)
  t.strictSame(shown, told)
})
