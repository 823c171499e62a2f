import type { Log } from '../kernel/log.ts'
import type { SessionsEvents } from '../session/sessions.ts'
import type { SessionState } from '../session/states.ts'

/** How loudly a session's change to each state is told. */
const LEVEL: Readonly<Record<SessionState, 'debug' | 'info' | 'warn' | 'error'>> = {
  idle: 'info',
  authenticating: 'debug',
  ready: 'info',
  'backing-off': 'warn',
  rejected: 'error',
  closed: 'debug',
}

/** Tells the log of what becomes of sessions, a line for each change. */
export function sessionLog(log: Log): Omit<SessionsEvents, 'called'> {
  return {
    changed(tenant, from, to, reason) {
      log[LEVEL[to]]({ tenant, from, to }, `session of ${tenant} is ${to}: ${reason}`)
    },
    succeeded(tenant) {
      log.info({ tenant }, `session of ${tenant} is that of the new credentials now`)
    },
    kept(tenant, reason, final) {
      const level = final ? 'error' : 'warn'
      log[level](
        { tenant },
        `session of ${tenant} stays that of the old credentials: the new ones gave none: ${reason}`,
      )
    },
  }
}
