import { renderHelp } from '../config/schema/help.ts'
import { takeCommand, UsageError } from '../kernel/arguments.ts'
import { printConfig } from './config/print.ts'
import type { Command } from './host.ts'

const actions = { print: printConfig } as const

/** The `config` command: prints the effective configuration. */
export const config: Command = {
  summary: 'Print the effective configuration',
  help: () => `Usage: prismacloud-proxy config print [--json] [OPTIONS]

print shows the value of every key and where it comes from: a flag, a variable, a line of the file, or the default. Secrets
are masked. With an invalid configuration it prints what it can, lists all problems on standard error, and ends with 2.

Examples:
  prismacloud-proxy config print --config prismacloud-proxy.yaml
  prismacloud-proxy config print --json | jq '.[] | select(.source != "default")'

Options of print (as for start):
${renderHelp()}
`,
  async run(host) {
    const [name, args] = takeCommand(host.args, ['print'])
    if (name === undefined) throw new UsageError('expected config print')
    return actions[name]({ ...host, args })
  },
}
