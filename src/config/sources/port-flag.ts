import { bracketedHost } from '../../http/host.ts'
import { UsageError } from '../../kernel/arguments.ts'
import { type Address, isPort, parseAddress } from '../network/address.ts'
import { settingsSchema } from '../schema/schema.ts'
import { type Setting, settingOf } from '../schema/setting.ts'
import { PORT_FLAG } from './flag-groups.ts'
import type { MergedSettings } from './merged-settings.ts'

/**
 * Returns the flags with the whole address in place of the port that `--port` gives: the host is that of the address
 * that another source configures, else that of the default. If the configured address is invalid, the port is left out,
 * so that the fault is reported where it is.
 * @throws {UsageError} if it is no port, or the configured address has none
 */
export function withWholeAddress(flags: readonly Setting[], others: MergedSettings): readonly Setting[] {
  return flags.flatMap(flag => {
    if (flag.origin !== PORT_FLAG) return [flag]
    const value = wholeAddress(flag, others)
    return value === null ? [] : [{ ...flag, value }]
  })
}

function wholeAddress({ key, value }: Setting, others: MergedSettings): string | null {
  if (!isPort(`${value}`)) throw new UsageError(`invalid value for ${PORT_FLAG}; expected a port from 0 to 65535`)
  const configured = settingOf(others.inGroup(null), key)
  const address = read(`${configured.value ?? settingsSchema.listen.address.default}`)
  if (address === null) return null
  if ('host' in address) return `${bracketedHost(address.host)}:${value}`
  throw new UsageError(
    `${PORT_FLAG} has no effect: ${key} (${configured.origin}) is a socket; use --listen-address instead`,
  )
}

function read(text: string): Address | null {
  try {
    return parseAddress(text)
  } catch {
    return null
  }
}
