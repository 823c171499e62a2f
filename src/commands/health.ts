import { findListening, type Listening } from '../config/network/listening.ts'
import { configGroups } from '../config/sources/flag-groups.ts'
import { splitFlags } from '../config/sources/flags.ts'
import { bracketedHost } from '../http/host.ts'
import type { Flag } from '../kernel/arguments.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import type { Command } from './command.ts'
import { ask } from './health/ask.ts'
import { ExitCode } from './host.ts'

const FLAGS: readonly Flag[] = [
  {
    name: '--json',
    kind: 'switch',
    text: 'Print one JSON object: healthy, and addresses with key, url, healthy and problem.',
  },
]

/** The `health` command: asks the configured proxy whether it lives. It loads little, as it runs every few seconds. */
export const health: Command = healthCommand(systemClock)

/** Makes the `health` command. Tests pass another clock. */
export function healthCommand(clock: Clock): Command {
  return {
    summary: 'Ask the running proxy whether it lives, for health checks',
    usage: ['health [--json] [OPTIONS]'],
    paragraphs: [
      'Asks the proxy whether it lives, at each address that it is configured to listen at. Takes the options of start, its environment variables and its configuration file, needs no token, and does not log in.',
    ],
    flags: FLAGS,
    configuration: configGroups,
    exitCodes: [
      ['0', 'it lives'],
      ['1', 'it does not'],
      ['2', 'bad usage or configuration'],
    ],
    examples: [
      { purpose: 'Ask the proxy at its usual address', line: 'prismacloud-proxy health' },
      { purpose: 'Ask the one that a file configures', line: 'prismacloud-proxy health -c config.yaml' },
    ],
    async run({ args, env, stdout, stderr }) {
      const { own, args: ofConfig } = splitFlags(args, FLAGS)
      const asJson = own.has('--json')
      const listening = await findListening(ofConfig, env)
      const answers = await Promise.all(listening.map(async each => ({ ...each, problem: await ask(each, clock) })))
      const healthy = answers.every(({ problem }) => problem === null)
      if (asJson) stdout.write(`${JSON.stringify({ healthy, addresses: answers.map(asFacts) })}\n`)
      else for (const answer of answers) (answer.problem === null ? stdout : stderr).write(`${line(answer)}\n`)
      return healthy ? ExitCode.good : ExitCode.failed
    },
  }
}

type Answer = Listening & { readonly problem: string | null }

function asFacts({ key, problem, ...place }: Answer) {
  return { key, url: urlOf(place), healthy: problem === null, problem }
}

function line({ key, problem, ...place }: Answer): string {
  return problem === null ? `${urlOf(place)} lives` : `${urlOf(place)} (${key}) ${problem}`
}

function urlOf({ scheme, address }: Pick<Listening, 'scheme' | 'address'>): string {
  if ('path' in address) return `unix:${address.path}`
  return `${scheme}://${bracketedHost(address.host)}:${address.port}`
}
