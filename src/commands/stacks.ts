import { AuthApi } from '../auth/auth-api.ts'
import { AuthFailure } from '../auth/auth-failure.ts'
import type { Credentials } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { renderHelp } from '../config/schema/help.ts'
import { systemClock } from '../kernel/clock.ts'
import { escapeUnprintable } from '../kernel/printable.ts'
import { oneLine } from '../problem/text.ts'
import { chooseTenant } from '../request/tenant.ts'
import { type Api, resolveApi } from '../stacks/resolve.ts'
import { stacks as table } from '../stacks/stacks.ts'
import { createAgents } from '../upstream/agent.ts'
import type { Dispatcher } from '../upstream/dispatcher.ts'
import { namesSeveralTenants } from './check/session.ts'
import { type Command, ExitCode, fail, type Host, UsageError, unknownArgument } from './host.ts'
import { confirm, isInteractive } from './terminal/prompt.ts'

/** How many logins are asked at a time. */
const PARALLEL = 4

/** How much of a login's reason is shown, in characters. */
const LONGEST_REASON = 160

/** A stack whose login may know an access key. */
export interface Candidate {
  readonly stack: string
  readonly api: Api
}

/** What a login said of an access key: nothing when it could not be asked. */
export interface Reply {
  readonly stack: string
  readonly verdict: 'known' | 'refused' | 'unasked'
  /** For people; holds no secret. */
  readonly reason: string
}

/** Asks one login. Never rejects. */
export type AskLogin = (candidate: Candidate, signal: AbortSignal) => Promise<Reply>

/** The table of stacks, and the search for the one that knows an access key. */
export const stacks: Command = stacksCommand(table.map(({ name }) => ({ stack: name, api: resolveApi(name) })))

/** The command, with the stacks that its search asks. */
export function stacksCommand(candidates: readonly Candidate[]): Command {
  return {
    summary: 'Show which API belongs to which console; find the stack of an access key',
    help,
    async run(host) {
      const [first, ...rest] = host.args
      if (first === undefined) return print(host, renderTable())
      if (first === '--json' && rest.length === 0) return print(host, renderJson())
      if (first === 'find') return find({ ...host, args: rest }, candidates)
      throw unknownArgument('stacks', first === '--json' ? `${rest[0]}` : first, ['find', '--json'])
    },
  }
}

function help(): string {
  return `Usage: prismacloud-proxy stacks [--json]
       prismacloud-proxy stacks find [--yes] [OPTIONS]

Shows each stack's admin console and API.

find sends the access key of the default tenant to the login of each stack, until one knows it. It asks before;
--yes agrees beforehand, and is required where there is no terminal.

Exit codes: 0 found; 1 no login could be asked; 2 bad usage or configuration; 3 no stack knows the key.

Options of find, the same as those of start:
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

async function find(host: Host, candidates: readonly Candidate[]): Promise<number> {
  const config = await loadConfig({ ...host, args: searchOptions(host.args) })
  if (!(await isAgreed(host, candidates))) return fail(host, new Error('Nothing was sent.'))
  const tenant = chooseTenant([], config)
  const key = await tenant.credentials.read().catch((error: Error) => error)
  if (key instanceof Error) return fail(host, new Error(`The access key cannot be read: ${key.message}`))
  const agents = createAgents(config.upstream)
  try {
    return report(host, await findStack(candidates, askLogin(key, agents.oneShot, config.session.callTimeout)))
  } finally {
    await agents.destroy()
  }
}

/** The url is what is looked for, so any will do. */
function searchOptions(args: readonly string[]): string[] {
  const options = args.filter(arg => arg !== '--yes')
  return options.some(arg => /^--url(=|$)/.test(arg)) ? options : [...options, '--url', 'app']
}

async function isAgreed(host: Host, candidates: readonly Candidate[]): Promise<boolean> {
  const hosts = candidates.map(({ api }) => `  ${new URL(api.origin).host}`)
  const plan = `This sends the access key to login hosts of Palo Alto Networks, until one of these ${hosts.length} knows it:`
  print(host, [plan, ...hosts].join('\n'))
  if (host.args.includes('--yes')) return true
  if (isInteractive(host)) return confirm(host, 'Go on?')
  throw new UsageError('There is no terminal to ask at: write "stacks find --yes" to agree to that.')
}

function askLogin(key: Credentials, dispatcher: Dispatcher, callTimeout: number): AskLogin {
  return ({ stack, api }, signal) => {
    const choice = { prismaId: null, customerName: null }
    const auth = new AuthApi({ dispatcher, api, choice, clock: systemClock, callTimeout: () => callTimeout })
    return auth.login(key, signal).then(
      () => ({ stack, verdict: 'known', reason: '' }),
      (error: Error) => ({ stack, verdict: verdictOf(error), reason: error.message }),
    )
  }
}

/** A login that asks which tenant is meant knows the key. */
function verdictOf(error: Error): Reply['verdict'] {
  if (!(error instanceof AuthFailure && error.nature === 'rejected')) return 'unasked'
  return namesSeveralTenants(error) ? 'known' : 'refused'
}

/** Asks the logins, a few at a time, until one knows the key; its reply is then the last. */
export async function findStack(candidates: readonly Candidate[], ask: AskLogin): Promise<readonly Reply[]> {
  const found = new AbortController()
  const replies: Reply[] = []
  const queue = candidates.values()
  const work = async () => {
    for (const candidate of queue) {
      const reply = await ask(candidate, found.signal)
      if (found.signal.aborted) return
      replies.push(reply)
      if (reply.verdict === 'known') return found.abort()
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return replies
}

function report(host: Host, replies: readonly Reply[]): number {
  const known = replies.find(({ verdict }) => verdict === 'known')
  if (known) return print(host, describeKnown(known))
  const rows = replies.map(({ stack, reason }) => `  ${stack.padEnd(9)}${oneLine(reason, LONGEST_REASON)}`)
  const isRefused = replies.some(({ verdict }) => verdict === 'refused')
  const headline = isRefused ? 'No stack that could be asked knows this key:' : 'No stack could be asked:'
  print(host, [`\n${headline}`, ...rows].join('\n'))
  return isRefused ? ExitCode.credentialsRefused : ExitCode.failed
}

function describeKnown({ stack, reason }: Reply): string {
  const use = `Use it: --url ${stack}, or PC_URL=${stack}, or "url: ${stack}" in the configuration file.`
  return [`\n${stack} knows this key.`, ...(reason ? [`${escapeUnprintable(reason)}.`] : []), use].join('\n')
}
