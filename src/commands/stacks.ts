import { loadConfig } from '../config/load.ts'
import { configGroups } from '../config/sources/flag-groups.ts'
import { splitFlags } from '../config/sources/flags.ts'
import { type Flag, readArguments, takeCommand, UsageError } from '../kernel/arguments.ts'
import { escapeUnprintable } from '../kernel/printable.ts'
import { oneLine } from '../problem/text.ts'
import { chooseTenant } from '../request/tenant.ts'
import { resolveApi } from '../stacks/resolve.ts'
import { stacks as table } from '../stacks/stacks.ts'
import { createAgents } from '../upstream/agent.ts'
import type { Command, Description } from './command.ts'
import { ExitCode, fail, type Host, type Output } from './host.ts'
import { type Candidate, findStack, loginWith, type Reply } from './stacks/find-stack.ts'
import { confirm, isInteractive } from './terminal/prompt.ts'

const LIST_FLAGS: readonly Flag[] = [
  { name: '--json', kind: 'switch', text: 'Print a JSON array of objects with stack, console and api.' },
]

const FIND_FLAGS: readonly Flag[] = [
  { name: '--yes', kind: 'switch', text: 'Send the access key without asking first.' },
  {
    name: '--json',
    kind: 'switch',
    text: 'Print one JSON object: stack, or null, and replies with stack, verdict and reason. What is about to happen is said on standard error.',
  },
]

/** The maximum length of the reason shown for a failed login, in characters. */
const LONGEST_REASON = 160

const FIND: Description = {
  summary: 'Find the stack that accepts the access key of the default tenant',
  usage: ['stacks find [--yes] [OPTIONS]'],
  paragraphs: [
    'Sends the access key of the default tenant to the login of each stack until one accepts it. It asks for confirmation first; --yes skips the question, and is required without a terminal.',
  ],
  flags: FIND_FLAGS,
  configuration: configGroups,
  exitCodes: [
    ['0', 'found'],
    ['1', 'no stack could be tried'],
    ['2', 'bad usage or configuration'],
    ['3', 'no stack accepts the key'],
  ],
  examples: [
    { purpose: 'Ask before anything is sent', line: 'prismacloud-proxy stacks find' },
    { purpose: 'Print the name of the stack alone', line: 'prismacloud-proxy stacks find --yes --json | jq -r .stack' },
  ],
}

/** The `stacks` command: lists all stacks, or finds the one that accepts an access key. */
export const stacks: Command = stacksCommand(table.map(({ name }) => ({ stack: name, api: resolveApi(name) })))

/** Makes the `stacks` command, whose `find` tries `candidates`. Tests pass their own. */
export function stacksCommand(candidates: readonly Candidate[]): Command {
  return {
    summary: 'List all stacks with console and API; find the stack of an access key',
    usage: ['stacks [--json]', ...FIND.usage],
    paragraphs: ['Lists all stacks with their admin console and API.'],
    flags: LIST_FLAGS,
    subcommands: { find: FIND },
    examples: [
      { purpose: 'List the stacks', line: 'prismacloud-proxy stacks' },
      {
        purpose: 'Find the API of a console',
        line: `prismacloud-proxy stacks --json | jq -r '.[] | select(.stack == "app2").api'`,
      },
    ],
    async run(host) {
      const [name, args] = takeCommand(host.args, ['find'])
      if (name === 'find') return find(host, args, candidates)
      const flags = readArguments(args, LIST_FLAGS)
      return print(host.stdout, flags.length > 0 ? renderJson() : renderTable())
    },
  }
}

function print(output: Output, text: string): number {
  output.write(`${text}\n`)
  return ExitCode.good
}

function renderTable(): string {
  const rows = [{ name: 'STACK', console: 'ADMIN CONSOLE', api: 'API' }, ...table]
  const width = (column: 'name' | 'console') => Math.max(...rows.map(row => row[column].length)) + 2
  const [names, consoles] = [width('name'), width('console')]
  return rows.map(({ name, console, api }) => name.padEnd(names) + console.padEnd(consoles) + api).join('\n')
}

function renderJson(): string {
  return JSON.stringify(
    table.map(({ name, console, api }) => ({ stack: name, console, api })),
    null,
    2,
  )
}

async function find(host: Host, given: readonly string[], candidates: readonly Candidate[]): Promise<number> {
  const { own, args } = splitFlags(given, FIND_FLAGS)
  const config = await loadConfig({ ...host, args: withUrl(args) })
  const asJson = own.has('--json')
  // what is said before the result must not stand in the JSON
  const aside = asJson ? { ...host, stdout: host.stderr } : host
  announcePlan(aside.stdout, candidates)
  if (!own.has('--yes') && !(await confirmPlan(aside))) return fail(host, new Error('aborted; the key was not sent'))
  const tenant = chooseTenant([], config)
  const key = await tenant.credentials.read().catch((error: Error) => error)
  if (key instanceof Error) return fail(host, new Error(`cannot read the access key: ${key.message}`))
  const agents = createAgents(config.upstream)
  try {
    const replies = await findStack(candidates, loginWith(key, agents.fresh, config.session.callTimeout))
    print(host.stdout, asJson ? renderReplies(replies) : describe(replies))
    return exitCodeOf(replies)
  } finally {
    await agents.destroy()
  }
}

/** Adds a URL to the flags unless there is one: it is what `find` looks for, so that of any stack will do. */
function withUrl(args: readonly string[]): readonly string[] {
  return args.some(arg => arg.startsWith('--url=')) ? args : [...args, '--url=app']
}

function announcePlan(output: Output, candidates: readonly Candidate[]): void {
  const hosts = candidates.map(({ api }) => `  ${new URL(api.origin).host}`)
  const plan = `This sends the access key to these ${hosts.length} login hosts of Palo Alto Networks until one accepts it:`
  print(output, [plan, ...hosts].join('\n'))
}

async function confirmPlan(host: Host): Promise<boolean> {
  if (isInteractive(host)) return confirm(host, 'Continue?')
  throw new UsageError('cannot ask for confirmation without a terminal; to agree, run stacks find --yes')
}

function acceptedOf(replies: readonly Reply[]): Reply | undefined {
  return replies.find(({ verdict }) => verdict === 'accepted')
}

function exitCodeOf(replies: readonly Reply[]): number {
  if (acceptedOf(replies)) return ExitCode.good
  return replies.some(({ verdict }) => verdict === 'rejected') ? ExitCode.credentialsRefused : ExitCode.failed
}

function renderReplies(replies: readonly Reply[]): string {
  const shown = replies.map(reply => ({ ...reply, reason: oneLine(reply.reason, LONGEST_REASON) }))
  return JSON.stringify({ stack: acceptedOf(replies)?.stack ?? null, replies: shown })
}

function describe(replies: readonly Reply[]): string {
  const accepted = acceptedOf(replies)
  if (accepted) return describeAccepted(accepted)
  const rows = replies.map(({ stack, reason }) => `  ${stack.padEnd(9)}${oneLine(reason, LONGEST_REASON)}`)
  const isRejected = exitCodeOf(replies) === ExitCode.credentialsRefused
  const headline = isRejected ? 'No stack accepts this key:' : 'No stack could be tried:'
  return [`\n${headline}`, ...rows].join('\n')
}

function describeAccepted({ stack, reason }: Reply): string {
  const use = `Set it with --url ${stack}, PC_URL=${stack}, or "url: ${stack}" in the configuration file.`
  return [`\nStack ${stack} accepts this key.`, ...(reason ? [`${escapeUnprintable(reason)}.`] : []), use].join('\n')
}
