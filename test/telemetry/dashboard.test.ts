import t from 'tap'
import { FAMILIES, type Family } from '../../src/telemetry/metrics/families.ts'
import { configFile, metricsIn, panels } from '../support/metrics.ts'
import { RECIPES } from '../support/recipes.ts'

const KNOWN = new Map<string, Family>(Object.values(FAMILIES).map(family => [family.name, family]))

/** The labels that Prometheus adds. */
const ADDED = ['job', 'instance']

t.test('dashboard, alerts and recipes name metrics that there are', async t => {
  const texts = { dashboard: configFile('grafana-dashboard.json'), alerts: configFile('alerts.yaml') }
  for (const [name, text] of Object.entries(texts)) {
    const named = metricsIn(text)
    t.ok(named.length > 10, name)
    t.strictSame([...new Set(named.filter(each => !KNOWN.has(each)))], [], name)
  }
  t.strictSame(
    metricsIn(RECIPES).filter(each => !KNOWN.has(each)),
    [],
  )
})

/** What the dashboard leaves out: when members of a fleet did something is in the status, and address space is free. */
const LEFT_OUT = ['fleetMemberStart', 'fleetMemberRenewal', 'virtualMemory'] as const

t.test('the dashboard shows all other metrics', async t => {
  const shown = metricsIn(configFile('grafana-dashboard.json'))
  t.strictSame(
    [...KNOWN.keys()].filter(name => !shown.includes(name)),
    LEFT_OUT.map(key => FAMILIES[key].name),
  )
})

t.test('the queries of the dashboard and their legends use labels that the metrics have', async t => {
  for (const { title, targets = [] } of panels()) {
    for (const { expr, legendFormat } of targets) {
      const labels = metricsIn(expr).map(name => [...(KNOWN.get(name)?.labels ?? []), ...ADDED, 'le'])
      const isThere = (label: string) => labels.every(each => each.includes(label))
      const selected = [...expr.matchAll(/(\w+)=~?"/g)].map(([, label = '']) => label)
      const grouped = [...expr.matchAll(/\bby \((.*?)\)/g)].flatMap(([, list = '']) => list.split(', '))
      const told = [...legendFormat.matchAll(/{{(\w+)}}/g)].map(([, label = '']) => label)
      for (const label of [...selected, ...grouped, ...told]) t.ok(isThere(label), `${title}: ${label}`)
      if (/\b(?:sum|min|max|avg)\b/.test(expr))
        for (const label of told) t.ok(grouped.includes(label), `${title}: ${label}`)
    }
  }
})

t.test('the panels of the dashboard lie beside each other', async t => {
  const cells = panels().flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => [x + (at % w), y + Math.floor(at / w)] as const),
  )
  t.equal(new Set(cells.map(String)).size, cells.length)
  t.ok(cells.every(([x]) => x < 24))
  const ids = panels().map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
})
