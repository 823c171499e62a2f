import { renderHelp } from '../config/schema/help.ts'
import { takeCommand, UsageError } from '../kernel/arguments.ts'
import { initConfig } from './config/init.ts'
import { printConfig } from './config/print.ts'
import type { Command } from './host.ts'

const actions = { print: printConfig, init: initConfig } as const

/** The `config` command: prints the effective configuration, or writes a configuration file. */
export const config: Command = {
  summary: 'Print the effective configuration; write a configuration file',
  help: () => `Usage: prismacloud-proxy config print [--json] [OPTIONS]
       prismacloud-proxy config init [--file FILE] [ANSWERS]

print shows the value of every key and where it comes from: a flag, a variable, a line of the file, or the default. Secrets
are masked. With an invalid configuration it prints what it can, lists all problems on standard error, and ends with 2.

init asks four questions and writes a commented configuration file that only this user can read. It overwrites nothing.
Answers can be given in advance; without a terminal all four are required.

Options of init:
  --file FILE                File to write [prismacloud-proxy.yaml]
  --url URL                  Name of the stack, or URL of its console or API
  --access-key PLACE         Where the access key is: files, environment, credentials-file or command
  --credential-command LIST  Command that prints the access key, with its arguments, for --access-key command
  --used-by WHO              Who uses the proxy: this-machine, or others, who get a token
  --access WORD              Which requests are allowed: read-only or read-write

Examples:
  prismacloud-proxy config print --config prismacloud-proxy.yaml
  prismacloud-proxy config print --json | jq '.[] | select(.source != "default")'
  prismacloud-proxy config init --url app2 --access-key environment --used-by this-machine --access read-only

Options of print (as for start):
${renderHelp()}
`,
  async run(host) {
    const [name, args] = takeCommand(host.args, ['print', 'init'])
    if (name === undefined) throw new UsageError('expected config print or config init')
    return actions[name]({ ...host, args })
  },
}
