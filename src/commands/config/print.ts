import { type EffectiveSetting, effectiveSettings } from '../../config/effective.ts'
import { ConfigError } from '../../config/fault.ts'
import { readConfig } from '../../config/load.ts'
import { configFlags } from '../../config/sources/flags.ts'
import { type Flags, readArguments } from '../../kernel/arguments.ts'
import { escapeUnprintable } from '../../kernel/printable.ts'
import { ExitCode, type Host } from '../host.ts'
import { painter } from '../terminal/colour.ts'
import { renderSettings } from './render.ts'

const FLAGS: Flags = new Map([...configFlags, ['--json', 'switch']])

/**
 * Prints the effective value of every key with its origin. Runs no command and uses no network. Returns the exit code.
 * @throws {ConfigError} after the output, if the configuration has faults
 */
export async function printConfig(host: Host): Promise<number> {
  const { stdout, stderr, env } = host
  const flags = readArguments(host.args, FLAGS)
  const args = flags.filter(([name]) => name !== '--json').map(([name, value]) => `${name}=${value}`)
  const reading = await readConfig({ ...host, args })
  const settings = effectiveSettings(reading)
  const text = args.length < flags.length ? renderJson(settings) : renderSettings(settings, painter(stdout, env))
  stdout.write(`${text}\n`)
  if (reading.config === null) throw new ConfigError(reading.faults)
  for (const warning of reading.config.warnings) stderr.write(`warning: ${escapeUnprintable(warning)}\n`)
  return ExitCode.good
}

function renderJson(settings: readonly EffectiveSetting[]): string {
  const rows = settings.map(({ key, value, origin, source }) => ({ key, value, origin, source }))
  return escapeUnprintable(JSON.stringify(rows, null, 2))
}
