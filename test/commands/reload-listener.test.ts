import t from 'tap'
import { reloader } from '../../src/commands/serve/reload.ts'
import { loadConfig } from '../../src/config/load.ts'
import { fakeHost } from '../support/host.ts'
import { KEY } from './rig.ts'

t.test('a listener is told that a reload begins, and that an invalid configuration is not used', async t => {
  const config = await loadConfig(fakeHost({ env: { PC_URL: 'app2', ...KEY } }))
  const told: unknown[] = []
  const listener = { reloading: () => told.push('reloading'), reloaded: (now: unknown) => told.push(now) }
  const log = { error: (message: string) => told.push(message.split(',')[0]) }
  await reloader({} as never, config, fakeHost(), log as never, listener)()
  t.strictSame(told, ['reloading', 'configuration not reloaded', null])
})
