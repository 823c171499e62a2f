import type { Fault } from './fault.ts'
import type { Settings } from './schema/schema.ts'
import { faultOf, type Given, settingOf } from './schema/setting.ts'

/** Finds what is wrong with the settings of the audit. */
export function checkAudit({ file, required }: Settings['audit'], given: Given, faults: Fault[]): void {
  if (!required || file !== null) return
  const problem = 'needs a file to record requests in'
  faults.push(faultOf(settingOf(given, 'audit.required'), { problem, cure: 'Set audit.file too.' }))
}
