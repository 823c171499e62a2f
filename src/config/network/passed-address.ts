import type { Fault } from '../fault.ts'
import type { Settings } from '../schema/schema.ts'
import type { Setting } from '../schema/setting.ts'
import { faultOf } from '../schema/setting-faults.ts'
import { hasTls } from './listening.ts'

/** The address of a socket on which a service manager listens for the proxy. It replaces the configured one. */
export interface PassedAddress {
  /** The key whose value it replaces. */
  readonly key: 'listen.address' | 'listen.tlsAddress' | 'admin.address'
  /** The address in the notation of the configuration. */
  readonly address: string
  /** Where it comes from, as a fault shows it. */
  readonly origin: string
  /** The permissions of a Unix socket, such as 0o660; null for TCP. */
  readonly mode: number | null
}

/** Returns the setting with which a passed address replaces the configured one. */
export function settingOfPassed({ key, address, origin }: PassedAddress): Setting {
  return { group: null, key, value: address, source: 'environment', origin }
}

/** Checks that passed sockets are used, and that a Unix socket admits nobody whom `listen.socketMode` would not. */
export function checkPassed(
  passed: readonly PassedAddress[],
  { listen }: Pick<Settings, 'listen'>,
  faults: Fault[],
): void {
  for (const each of passed) {
    const fault = (problem: string, cure: string) => faults.push(faultOf(settingOfPassed(each), { problem, cure }))
    if (each.key === 'listen.tlsAddress' && !hasTls(listen))
      fault('was passed for https, which is off', 'set listen.tls or listen.tlsCertFile, or stop the .socket unit')
    if (each.mode !== null && (each.mode & ~listen.socketMode) !== 0) {
      const [mode, most] = [each.mode, listen.socketMode].map(bits => bits.toString(8))
      fault(
        `has the permissions ${mode}, but listen.socketMode is ${most}`,
        `set SocketMode=0${most} in the .socket unit, or listen.socketMode`,
      )
    }
  }
}
