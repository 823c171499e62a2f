import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { NextCall } from '../session/report.ts'
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

/** A failure that follows another is told once in so many milliseconds. */
const INTERVAL = 60_000

const SECOND = 1_000

/**
 * Tells the log of what becomes of sessions, a line for each change; where calls go on failing, of the first and then of
 * one a minute. The others are for level debug.
 */
export function sessionLog(log: Log, clock: Clock): Omit<SessionsEvents, 'called'> {
  const [failing, trying] = [new Told(clock), new Told(clock)]
  return {
    changed(tenant, from, to, reason, retry) {
      if (!retry) {
        log[LEVEL[to]]({ tenant, from, to }, `session of ${tenant} is ${to}: ${reason}`)
        return
      }
      const call = retry.isServing ? 'extending the session failed' : 'login failed'
      const text = `tenant ${tenant}: ${call}${after(retry)}: ${reason}`
      log[failing.isNew(tenant, retry) ? 'warn' : 'debug']({ tenant, from, to, ...retry }, text)
    },
    succeeded(tenant) {
      log.info({ tenant }, `session of ${tenant} is that of the new credentials now`)
    },
    kept(tenant, reason, retry) {
      const then = retry ? after(retry) : ''
      const text = `session of ${tenant} stays that of the old credentials: the new ones gave none${then}: ${reason}`
      const level = retry ? (trying.isNew(tenant, retry) ? 'warn' : 'debug') : 'error'
      log[level]({ tenant, ...retry }, text)
    },
  }
}

function after({ attempt, delay }: NextCall): string {
  const wait = delay < SECOND ? `${delay} ms` : `${Math.round(delay / SECOND)} s`
  return ` (attempt ${attempt}), retrying in ${wait}`
}

/** When failures were last told, by tenant. */
class Told {
  readonly #clock: Clock
  readonly #last = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether a failure is to be told; the first always is. */
  isNew(tenant: string, { attempt }: NextCall): boolean {
    const now = this.#clock.monotonic()
    const last = this.#last.get(tenant)
    if (attempt > 1 && last !== undefined && now - last < INTERVAL) return false
    this.#last.set(tenant, now)
    return true
  }
}
