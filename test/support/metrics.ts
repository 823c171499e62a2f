import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { DAY } from '../../src/kernel/instant.ts'
import { DEMO_USER, startSimulator } from '../../src/simulator/index.ts'
import { FAMILIES } from '../../src/telemetry/metrics/families.ts'
import { TestStore } from '../fleet/rig.ts'
import { passTime, testClock } from './clock.ts'
import { startProxy } from './proxy.ts'
import { until } from './until.ts'

const DEPRECATED = '/uve/api/v1/dashboard/vulnerabilities/overview'

/** What a proxy says of which every metric has a sample. */
export async function everyMetric(t: Test, accept = 'text/plain'): Promise<string> {
  const clock = testClock()
  const users = [{ ...DEMO_USER, keyExpiresOn: clock.now() + 30 * DAY }]
  const rateLimits = { 'GET /v2/alert': { rate: 2, burst: 10 } }
  const simulator = await startSimulator({ clock, users, rateLimits })
  t.teardown(() => simulator.close())
  const fleet = { connect: new TestStore(clock).connect, explain: String, member: 'host/1' }
  const cache = { rules: [{ path: /^\/v2\/policy$/, keepFor: 60_000 }] }
  const options = { clock, upstream: simulator.url, fleet, asksAboutKeys: true, config: { cache } }
  const { app, call } = await startProxy(t, options)
  await passTime(clock, app.login())
  for (const path of ['/v2/policy', '/v2/alert', '/nowhere', '/_tenant/nobody/x', DEPRECATED])
    await passTime(clock, call(path))
  const metrics = async () => (await call('/_proxy/metrics', { headers: { accept } })).text
  await until(async () => /^prismacloud_proxy_access_key_expiry/m.test(await metrics()))
  return metrics()
}

/** The metrics that a text names, without the suffixes of histograms. */
export function metricsIn(text: string): string[] {
  const histograms = Object.values(FAMILIES).filter(({ type }) => type === 'histogram')
  const named = [...text.matchAll(/\b(?:prismacloud_proxy|process)_[a-z_]+/g)].map(([name]) => name)
  return named.map(name => {
    const whole = name.replace(/_(?:bucket|sum|count)$/, '')
    return histograms.some(each => each.name === whole) ? whole : name
  })
}

/** A query of the dashboard. */
export interface Target {
  readonly refId: string
  readonly expr: string
  readonly legendFormat: string
}

/** A panel of the dashboard. */
export interface Panel {
  readonly id: number
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  /** Absent from the head of a row. */
  readonly targets?: readonly Target[]
}

/** A file of `config`. */
export function configFile(name: string): string {
  return readFileSync(new URL(`../../config/${name}`, import.meta.url), 'utf8')
}

/** The panels of the dashboard, from the top down. */
export function panels(): readonly Panel[] {
  return JSON.parse(configFile('grafana-dashboard.json')).panels
}
