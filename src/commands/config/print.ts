import { type EffectiveSetting, effectiveSettings } from '../../config/effective.ts'
import { ConfigError } from '../../config/fault.ts'
import { readConfig } from '../../config/load.ts'
import { configGroups } from '../../config/sources/flag-groups.ts'
import { splitFlags } from '../../config/sources/flags.ts'
import type { Flag } from '../../kernel/arguments.ts'
import { escapeUnprintable } from '../../kernel/printable.ts'
import type { Description } from '../command.ts'
import { ExitCode, type Host } from '../host.ts'
import { painter } from '../terminal/colour.ts'
import { renderSettings } from './render.ts'

const FLAGS: readonly Flag[] = [
  { name: '--json', kind: 'switch', text: 'Print a JSON array of objects with key, value, origin and source.' },
]

/** What `config print` does. */
export const PRINT: Description = {
  summary: 'Print the effective value of every key, and where it comes from',
  usage: ['config print [--json] [OPTIONS]'],
  paragraphs: [
    'Shows the value of every key and where it comes from: a flag, a variable, a line of the file, or the default. Secrets are masked. With an invalid configuration it prints what it can, lists all problems on standard error, and ends with 2.',
  ],
  flags: FLAGS,
  configuration: configGroups,
  examples: [
    { purpose: 'Print what a file and the environment set', line: 'prismacloud-proxy config print -c config.yaml' },
    {
      purpose: 'List what is not the default',
      line: `prismacloud-proxy config print --json | jq '.[] | select(.source != "default")'`,
    },
  ],
}

/**
 * Prints the effective value of every key with its origin. Runs no command and uses no network. Returns the exit code.
 * @throws {ConfigError} after the output, if the configuration has faults
 */
export async function printConfig(host: Host): Promise<number> {
  const { stdout, stderr, env } = host
  const { own, args } = splitFlags(host.args, FLAGS)
  const reading = await readConfig({ ...host, args })
  const settings = effectiveSettings(reading)
  const text = own.has('--json') ? renderJson(settings) : renderSettings(settings, painter(stdout, env))
  stdout.write(`${text}\n`)
  if (reading.config === null) throw new ConfigError(reading.faults)
  for (const warning of reading.config.warnings) stderr.write(`warning: ${escapeUnprintable(warning)}\n`)
  return ExitCode.good
}

function renderJson(settings: readonly EffectiveSetting[]): string {
  const rows = settings.map(({ key, value, origin, source }) => ({ key, value, origin, source }))
  return escapeUnprintable(JSON.stringify(rows, null, 2))
}
