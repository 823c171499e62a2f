import { tenantNames } from '../config/sources/tenant-names.ts'
import { readArguments, splitAtTerminator, takeCommand, UsageError } from '../kernel/arguments.ts'
import type { Command, CommandGroup, Description } from './command.ts'
import { bashCompletion } from './help/bash.ts'
import { completedCommands } from './help/completed.ts'
import { fishCompletion } from './help/fish.ts'
import { zshCompletion } from './help/zsh.ts'
import { ExitCode, type Host } from './host.ts'

/** The shells, each with its script and the line that loads it. */
const SHELLS = {
  bash: { render: bashCompletion, load: 'eval "$(prismacloud-proxy completion bash)"', file: '~/.bashrc' },
  zsh: { render: zshCompletion, load: 'source <(prismacloud-proxy completion zsh)', file: '~/.zshrc, after compinit' },
  fish: {
    render: fishCompletion,
    load: 'prismacloud-proxy completion fish | source',
    file: '~/.config/fish/config.fish',
  },
} as const

type Shell = keyof typeof SHELLS

const shells = Object.keys(SHELLS) as Shell[]

/** What the scripts ask for while they complete; it is no command for people. */
const TENANTS = 'tenants'

/** Makes the `completion` command, which prints the scripts with which shells complete the commands of a program. */
export function completionCommand(describe: () => Promise<readonly CommandGroup[]>): Command {
  return {
    summary: 'Print the script with which a shell completes commands, flags and values',
    usage: ['completion bash | zsh | fish'],
    paragraphs: [
      'Prints the script with which a shell completes commands, flags, files, and the names of stacks and tenants. Those of tenants are read from the file that --config or PRISMACLOUD_PROXY_CONFIG names.',
    ],
    flags: [],
    subcommands: Object.fromEntries(shells.map(shell => [shell, describeShell(shell)])),
    examples: shells.map(shell => ({ purpose: `For ${shell}, in ${SHELLS[shell].file}`, line: SHELLS[shell].load })),
    async run(host) {
      const [name, rest] = takeCommand(host.args, [...shells, TENANTS])
      if (name === TENANTS) return printTenants(rest, host)
      readArguments(rest, [])
      if (name === undefined) throw new UsageError(`no shell given; expected one of: ${shells.join(', ')}`)
      host.stdout.write(SHELLS[name].render(completedCommands(await describe())))
      return ExitCode.good
    },
  }
}

function describeShell(shell: Shell): Description {
  const { load, file } = SHELLS[shell]
  return {
    summary: `Print the script for ${shell}`,
    usage: [`completion ${shell}`],
    paragraphs: [`Prints the completion script for ${shell}.`],
    flags: [],
    examples: [{ purpose: `To load it, in ${file}`, line: load }],
  }
}

/** Prints the tenants of the configuration that the words of an unfinished command line name, one per line. */
async function printTenants(args: readonly string[], { env, homeDirectory, stdout }: Host): Promise<number> {
  const [, words] = splitAtTerminator(args)
  const names = await tenantNames(configFileIn(words, homeDirectory), env)
  stdout.write(names.map(name => `${name}\n`).join(''))
  return ExitCode.good
}

/** The configuration file in the words of a command line, as they were typed: bash splits them at `=`. */
function configFileIn(words: readonly string[], homeDirectory: string): string | undefined {
  const at = words.findIndex(word => /^(?:--config$|--config=|-c)/.test(word))
  const [flag = '', ...following] = at < 0 ? [] : words.slice(at)
  const [next, afterNext] = following
  const inline = /^(?:--config=|-c)(.+)$/s.exec(flag)?.[1]
  const typed = inline ?? (next === '=' ? afterNext : next)
  return typed?.replace(/^~(?=\/)/, homeDirectory).replace(/^(['"])(.*)\1$/s, '$2')
}
