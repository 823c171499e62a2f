import { AuthApi } from '../auth/auth-api.ts'
import { AuthFailure } from '../auth/auth-failure.ts'
import type { Credentials } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { renderHelp } from '../config/schema/help.ts'
import { configFlags } from '../config/sources/flags.ts'
import { type Flags, readArguments, takeCommand, UsageError } from '../kernel/arguments.ts'
import { systemClock } from '../kernel/clock.ts'
import { escapeUnprintable } from '../kernel/printable.ts'
import { oneLine } from '../problem/text.ts'
import { chooseTenant } from '../request/tenant.ts'
import { type Api, resolveApi } from '../stacks/resolve.ts'
import { stacks as table } from '../stacks/stacks.ts'
import { createAgents } from '../upstream/agent.ts'
import type { Dispatcher } from '../upstream/dispatcher.ts'
import { type Command, ExitCode, fail, type Host } from './host.ts'
import { confirm, isInteractive } from './terminal/prompt.ts'

const LIST_FLAGS: Flags = new Map([['--json', 'switch']])

const FIND_FLAGS: Flags = new Map([...configFlags, ['--yes', 'switch']])

/** The number of logins that run at a time. */
const PARALLEL = 4

/** The maximum length of the reason shown for a failed login, in characters. */
const LONGEST_REASON = 160

/** A stack whose login may accept an access key. */
export interface Candidate {
  readonly stack: string
  readonly api: Api
}

/** The result of one stack's login with an access key. */
export interface Reply {
  readonly stack: string
  /** `failed`: nothing is known about the key, for example because the login could not be reached. */
  readonly verdict: 'accepted' | 'rejected' | 'failed'
  /** The reason, worded for people. It contains no secret. */
  readonly reason: string
}

/** Tries the login of one stack. Never rejects. */
export type TryLogin = (candidate: Candidate, signal: AbortSignal) => Promise<Reply>

/** The `stacks` command: lists all stacks, or finds the one that accepts an access key. */
export const stacks: Command = stacksCommand(table.map(({ name }) => ({ stack: name, api: resolveApi(name) })))

/** Makes the `stacks` command, whose `find` tries `candidates`. Tests pass their own. */
export function stacksCommand(candidates: readonly Candidate[]): Command {
  return {
    summary: 'List all stacks with console and API; find the stack of an access key',
    help,
    async run(host) {
      const [name, args] = takeCommand(host.args, ['find'])
      if (name === 'find') return find(host, readFindArguments(args), candidates)
      const flags = readArguments(args, LIST_FLAGS)
      return print(host, flags.length > 0 ? renderJson() : renderTable())
    },
  }
}

function help(): string {
  return `Usage: prismacloud-proxy stacks [--json]
       prismacloud-proxy stacks find [--yes] [OPTIONS]

Lists all stacks with their admin console and API.

find sends the access key of the default tenant to the login of each stack until one accepts it. It asks for
confirmation first; --yes skips the question, and is required without a terminal.

Exit codes of find: 0 found; 1 no stack could be tried; 2 bad usage or configuration; 3 no stack accepts the key.

Options of find (as for start):
${renderHelp()}
`
}

function print({ stdout }: Host, text: string): number {
  stdout.write(`${text}\n`)
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

interface FindArguments {
  readonly isAgreed: boolean
  /** The flags that belong to the configuration. */
  readonly args: readonly string[]
}

/** Reads the arguments of `find`. The URL is what `find` looks for, so any stack will do as a placeholder. */
function readFindArguments(args: readonly string[]): FindArguments {
  const flags = readArguments(args, FIND_FLAGS)
  const settings = flags.filter(([name]) => name !== '--yes')
  const all = settings.some(([name]) => name === '--url') ? settings : [...settings, ['--url', 'app']]
  return { isAgreed: settings.length < flags.length, args: all.map(([name, value]) => `${name}=${value}`) }
}

async function find(host: Host, given: FindArguments, candidates: readonly Candidate[]): Promise<number> {
  const config = await loadConfig({ ...host, args: given.args })
  announcePlan(host, candidates)
  if (!given.isAgreed && !(await confirmPlan(host))) return fail(host, new Error('aborted; the key was not sent'))
  const tenant = chooseTenant([], config)
  const key = await tenant.credentials.read().catch((error: Error) => error)
  if (key instanceof Error) return fail(host, new Error(`cannot read the access key: ${key.message}`))
  const agents = createAgents(config.upstream)
  try {
    return report(host, await findStack(candidates, loginWith(key, agents.oneShot, config.session.callTimeout)))
  } finally {
    await agents.destroy()
  }
}

function announcePlan(host: Host, candidates: readonly Candidate[]): void {
  const hosts = candidates.map(({ api }) => `  ${new URL(api.origin).host}`)
  const plan = `This sends the access key to these ${hosts.length} login hosts of Palo Alto Networks until one accepts it:`
  print(host, [plan, ...hosts].join('\n'))
}

async function confirmPlan(host: Host): Promise<boolean> {
  if (isInteractive(host)) return confirm(host, 'Continue?')
  throw new UsageError('cannot ask for confirmation without a terminal; to agree, run stacks find --yes')
}

function loginWith(key: Credentials, dispatcher: Dispatcher, callTimeout: number): TryLogin {
  return ({ stack, api }, signal) => {
    const choice = { prismaId: null, customerName: null }
    const auth = new AuthApi({ dispatcher, api, choice, clock: systemClock, callTimeout: () => callTimeout })
    return auth.login(key, signal).then(
      () => ({ stack, verdict: 'accepted', reason: '' }),
      (error: Error) => ({ stack, verdict: verdictOf(error), reason: error.message }),
    )
  }
}

/** Returns what an error of a login says about the key. A login that asks for a tenant has accepted the key. */
function verdictOf(error: Error): Reply['verdict'] {
  if (!(error instanceof AuthFailure && error.nature === 'rejected')) return 'failed'
  return error.reason === 'several-tenants' ? 'accepted' : 'rejected'
}

/** Tries the logins, {@link PARALLEL} at a time, until one accepts the key. That reply comes last in the result. */
export async function findStack(candidates: readonly Candidate[], tryLogin: TryLogin): Promise<readonly Reply[]> {
  const found = new AbortController()
  const replies: Reply[] = []
  const queue = candidates.values()
  const work = async () => {
    for (const candidate of queue) {
      const reply = await tryLogin(candidate, found.signal)
      if (found.signal.aborted) return
      replies.push(reply)
      if (reply.verdict === 'accepted') return found.abort()
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return replies
}

function report(host: Host, replies: readonly Reply[]): number {
  const accepted = replies.find(({ verdict }) => verdict === 'accepted')
  if (accepted) return print(host, describeAccepted(accepted))
  const rows = replies.map(({ stack, reason }) => `  ${stack.padEnd(9)}${oneLine(reason, LONGEST_REASON)}`)
  const isRejected = replies.some(({ verdict }) => verdict === 'rejected')
  const headline = isRejected ? 'No stack accepts this key:' : 'No stack could be tried:'
  print(host, [`\n${headline}`, ...rows].join('\n'))
  return isRejected ? ExitCode.credentialsRefused : ExitCode.failed
}

function describeAccepted({ stack, reason }: Reply): string {
  const use = `Set it with --url ${stack}, PC_URL=${stack}, or "url: ${stack}" in the configuration file.`
  return [`\nStack ${stack} accepts this key.`, ...(reason ? [`${escapeUnprintable(reason)}.`] : []), use].join('\n')
}
