import type { KeyAnswer } from '../../auth/ask-key-expiry.ts'
import { expiryNotice } from '../../auth/key-expiry.ts'
import type { Finding } from './finding.ts'

const label = 'access key'

/** Judges when an access key expires. No session needs to know it, so it is no failure if the API does not say. */
export function judgeKey({ expiry, reason }: KeyAnswer, now: number): Finding {
  if (expiry === 'never') return { label, mark: 'good', text: 'does not expire' }
  if (expiry === 'forbidden') return { label, mark: 'skipped', text: 'its role may not read when it expires' }
  if (expiry === 'unknown') return { label, mark: 'skipped', text: `cannot tell when it expires: ${reason}` }
  const { level, text } = expiryNotice(expiry, now)
  return { label, mark: level === 'info' ? 'good' : 'warning', text }
}
