import type { Fault } from '../fault.ts'
import type { Settings } from '../schema/schema.ts'
import { type Given, settingOf } from '../schema/setting.ts'
import { faultOf } from '../schema/setting-faults.ts'
import { collide, parseAddress } from './address.ts'
import { hasTls } from './listening.ts'

/** Checks that `admin.address` is not an address that clients are served at. */
export function checkAdminAddress(
  { admin: { address }, listen }: Pick<Settings, 'admin' | 'listen'>,
  given: Given,
  faults: Fault[],
): void {
  if (address === null) return
  const keys = hasTls(listen) ? (['address', 'tlsAddress'] as const) : (['address'] as const)
  const taken = keys.find(key => collide(parseAddress(address), parseAddress(listen[key])))
  if (taken === undefined) return
  const problem = `is the address of listen.${taken}`
  faults.push(faultOf(settingOf(given, 'admin.address'), { problem, cure: 'choose another port' }))
}
