import type { Fault } from './fault.ts'
import type { Settings } from './schema/schema.ts'
import { type Given, settingOf } from './schema/setting.ts'
import { placeOf } from './schema/setting-faults.ts'

/** Checks that `audit.file` is set if `audit.required` is, so that requests can be recorded. */
export function checkAudit({ file, required }: Settings['audit'], given: Given, faults: Fault[]): void {
  if (!required || file !== null) return
  const problem = 'requires a file to record requests in'
  faults.push({ ...placeOf(settingOf(given, 'audit.required')), problem, cure: 'set audit.file, too' })
}
