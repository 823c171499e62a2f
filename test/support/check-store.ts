import { diagnoseStore } from '../../src/commands/check/store.ts'
import type { RedisConfig } from '../../src/config/config.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { makeConfig } from './proxy.ts'

const SYMBOLS = { good: '✓', bad: '✗', rejected: '✗', warning: '!', skipped: '-' }

/** What `check` finds in the Redis of a fleet, by its labels: mark and text. */
export async function checkStore(redis: RedisConfig | null, clock = systemClock): Promise<Record<string, string>> {
  const lines: [string, string][] = []
  const { fleet } = makeConfig({ upstream: 'http://127.0.0.1:1' })
  for await (const { label, mark, text } of diagnoseStore({ ...fleet, redis }, clock))
    lines.push([label, `${SYMBOLS[mark]} ${text}`])
  return Object.fromEntries(lines)
}
