import { readArguments, takeCommand, UsageError } from '../kernel/arguments.ts'
import type { Command } from './command.ts'
import { INIT, initConfig } from './config/init.ts'
import { PRINT, printConfig } from './config/print.ts'

const actions = { print: printConfig, init: initConfig } as const

/** The `config` command: prints the effective configuration, or writes a configuration file. */
export const config: Command = {
  summary: 'Print the effective configuration; write a configuration file',
  usage: [...PRINT.usage, ...INIT.usage],
  paragraphs: ['Prints the effective configuration, or writes a configuration file.'],
  flags: [],
  subcommands: { print: PRINT, init: INIT },
  examples: [...PRINT.examples.slice(0, 1), ...INIT.examples.slice(0, 1)],
  async run(host) {
    const [name, args] = takeCommand(host.args, ['print', 'init'])
    if (name !== undefined) return actions[name]({ ...host, args })
    readArguments(args, [])
    throw new UsageError('expected config print or config init')
  },
}
