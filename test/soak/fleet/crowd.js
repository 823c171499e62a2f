// So many members in one process, each with its own connection to Redis. Says that it could start, starts them when it
// is told to, and says when all have a session. logins.js runs it.
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { openApp } from '../../../src/commands/serve/serve.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { createLog } from '../../../src/kernel/log.ts'

/** How often an app is built and closed before. */
const WARM_UP = 5

const { env } = process
// it is ended from outside
setInterval(() => {}, 60_000)
const config = await loadConfig({ args: [], env, homeDirectory: env.HOME })
const log = createLog('warn', process.stdout, systemClock)
// what processes of their own would do at the same time is done before: to load and compile
await import('../../../src/fleet/redis/client.ts')
for (let n = 0; n < WARM_UP; n++) await (await open({ ...config, fleet: { ...config.fleet, redis: null } })).close()
const go = once(process, 'SIGUSR2')
console.log('prepared')
await go
const logins = []
for (let n = 0; n < Number(env.MEMBERS); n++) {
  const app = await open(config)
  logins.push(app.login())
  // those before it go on: they would not wait for it if they were processes of their own
  await turn()
}
await Promise.all(logins)
console.log('all started')

function open(config) {
  return openApp(config, { env, homeDirectory: env.HOME, signals: process }, { log, audit: null })
}
