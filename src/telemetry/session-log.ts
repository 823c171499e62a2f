import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { NextCall } from '../session/report.ts'
import type { SessionsEvents } from '../session/sessions.ts'
import type { SessionState } from '../session/states.ts'

/** For each new state of a session, the level of its log line and how the line begins. The reason follows. */
const LINES: Readonly<Record<SessionState, readonly [level: 'debug' | 'info' | 'warn' | 'error', beginning: string]>> =
  {
    idle: ['info', 'session idle, '],
    authenticating: ['debug', ''],
    ready: ['info', 'session ready, '],
    'backing-off': ['warn', 'login postponed: '],
    rejected: ['error', 'login failed: '],
    closed: ['debug', 'session closed, '],
  }

/** The shortest time between two lines at level warn while failures continue, in milliseconds. */
const INTERVAL = 60_000

const SECOND = 1_000

/**
 * Logs a line for each change of a session. If auth calls keep failing, logs the first failure and then one a minute at
 * level warn, and all others at level debug.
 */
export function sessionLog(log: Log, clock: Clock): Omit<SessionsEvents, 'called' | 'keyUsed'> {
  const [calls, rotations] = [new Throttle(clock), new Throttle(clock)]
  return {
    changed(tenant, from, to, reason, next) {
      if (!next) {
        const [level, beginning] = LINES[to]
        log[level]({ tenant, from, to }, `tenant ${tenant}: ${beginning}${reason}`)
        return
      }
      const call = next.isServing ? 'session extension' : 'login'
      const text = `tenant ${tenant}: ${call} failed ${retrying(next)}: ${reason}`
      log[calls.isDue(tenant, next) ? 'warn' : 'debug']({ tenant, from, to, ...next }, text)
    },
    rotated(tenant) {
      log.info({ tenant }, `tenant ${tenant}: new access key accepted; now using its session`)
    },
    rotationFailed(tenant, reason, next) {
      const what = next ? `login with the new access key failed ${retrying(next)}` : 'the new access key was rejected'
      const level = next ? (rotations.isDue(tenant, next) ? 'warn' : 'debug') : 'error'
      log[level]({ tenant, ...next }, `tenant ${tenant}: ${what}; still using the previous session: ${reason}`)
    },
    keyUnreadable(tenant, reason) {
      log.error({ tenant }, `tenant ${tenant}: cannot read the access key; still using the previous session: ${reason}`)
    },
  }
}

function retrying({ attempt, delay }: NextCall): string {
  const wait = delay < SECOND ? `${delay} ms` : `${Math.round(delay / SECOND)} s`
  return `(attempt ${attempt}), retrying in ${wait}`
}

/** Decides which failures of each tenant are logged at level warn. */
class Throttle {
  readonly #clock: Clock
  readonly #last = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether to log a failure; always true for the first in a row. */
  isDue(tenant: string, { attempt }: NextCall): boolean {
    const now = this.#clock.monotonic()
    const last = this.#last.get(tenant)
    if (attempt > 1 && last !== undefined && now - last < INTERVAL) return false
    this.#last.set(tenant, now)
    return true
  }
}
