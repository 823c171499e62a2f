import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { i18nHelp } from '../../src/problem/i18n-keys.ts'

const SIMULATOR = join(import.meta.dirname, '../../src/simulator')
const KEY = /(?:apiError\(\d+, |i18nKey: )'(\w+)'/g

t.test('every error key of the simulator has help', async t => {
  const texts = readdirSync(SIMULATOR, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => readFileSync(join(SIMULATOR, name), 'utf8'))
  const keys = new Set(texts.flatMap(text => [...text.matchAll(KEY)].map(([, key]) => `${key}`)))
  t.ok(keys.size >= 5)
  for (const key of keys) t.ok(i18nHelp.has(key), key)
})
