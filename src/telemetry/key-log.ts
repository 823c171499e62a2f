import { type ExpiryNotice, expiryNotice } from '../auth/key-expiry.ts'
import type { Clock } from '../kernel/clock.ts'
import { DAY, elapsed, type Instant, instantOf } from '../kernel/instant.ts'
import type { Log } from '../kernel/log.ts'
import type { KeyExpiriesEvents } from '../session/key-expiries.ts'

/** The last line about the access key of a tenant. */
interface LoggedNotice {
  readonly expiresAt: number
  readonly level: ExpiryNotice['level']
  readonly at: Instant
}

/**
 * Logs that an access key is about to expire or has expired: for each tenant once a day, and at once if that is new.
 */
export function keyLog(log: Log, clock: Clock): KeyExpiriesEvents {
  const logged = new Map<string, LoggedNotice>()
  return {
    dated(tenant, expiresAt) {
      const at = instantOf(clock)
      const { level, text } = expiryNotice(expiresAt, at.wall)
      const last = logged.get(tenant)
      const isOld = last?.expiresAt === expiresAt && last.level === level && elapsed(last.at, at) < DAY
      if (level === 'info' || isOld) return
      logged.set(tenant, { expiresAt, level, at })
      log[level]({ tenant, expiresAt: new Date(expiresAt).toISOString() }, `tenant ${tenant}: the access key ${text}`)
    },
    untold(tenant, reason) {
      log.debug({ tenant }, `tenant ${tenant}: cannot tell when the access key expires: ${reason}`)
    },
  }
}
