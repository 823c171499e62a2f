#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Command, ExitCode, type Host, UsageError } from './commands/host.ts'
import { closeExposures } from './commands/serve/exposures.ts'
import { hasTerminal, watchTerminal } from './commands/terminal/signal.ts'
import { takeSignals } from './commands/terminal/take-signals.ts'
import { ConfigError } from './config/fault.ts'
import { nearest } from './kernel/nearest.ts'
import { version } from './kernel/product.ts'

/** Loaded when they are used, so that a start pays for nothing else. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['start', async () => (await import('./commands/start.ts')).start],
  ['check', async () => (await import('./commands/check.ts')).check],
  ['stacks', async () => (await import('./commands/stacks.ts')).stacks],
  ['simulate', async () => (await import('./commands/simulate.ts')).simulate],
  ['exec', async () => (await import('./commands/exec.ts')).exec],
  ['ca', async () => (await import('./commands/ca.ts')).ca],
  ['demo', async () => (await import('./commands/demo.ts')).demo],
])

/** Runs the command that the arguments name and gives its exit code. */
export async function main(host: Host): Promise<number> {
  const [first = 'start', ...rest] = host.args
  if (first === '--version') return print(host, `${version}\n`)
  if (first === '--help' || first === '-h' || first === 'help') return print(host, await overview())
  const [name, args] = first.startsWith('-') ? ['start', host.args] : [first, rest]
  const load = commands.get(name)
  if (!load) return complain(host, unknownCommand(name))
  const command = await load()
  if (asksForHelp(args)) return print(host, command.help())
  for (const warning of await closeExposures(process.execArgv, host.env.NODE_OPTIONS))
    host.stderr.write(`warning: ${warning}\n`)
  return run(command, { ...host, args })
}

/** What follows `--` is another program's. */
function asksForHelp(args: readonly string[]): boolean {
  const own = args.slice(0, [...args, '--'].indexOf('--'))
  return own.includes('--help') || own.includes('-h')
}

async function run(command: Command, host: Host): Promise<number> {
  try {
    return await command.run(host)
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigError) return complain(host, error.message)
    host.stderr.write(describeCrash(error))
    return ExitCode.failed
  }
}

async function overview(): Promise<string> {
  const loaded = await Promise.all([...commands].map(async ([name, load]) => [name, await load()] as const))
  const lines = loaded.map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  return `Usage: prismacloud-proxy [COMMAND] [OPTIONS]

A local authenticating reverse proxy for the Prisma Cloud API.

Commands:
${lines.join('\n')}

Every command explains itself with --help; --version prints the version.
`
}

function unknownCommand(name: string): string {
  const meant = nearest(name, commands.keys())
  return `There is no command "${name}"${meant ? `; did you mean "${meant}"?` : '.'} See prismacloud-proxy --help.`
}

function print({ stdout }: Host, text: string): number {
  stdout.write(text)
  return ExitCode.good
}

function complain({ stderr }: Host, message: string): number {
  stderr.write(`${message}\n`)
  return ExitCode.badUsage
}

/** What the system refused says it all; where in the program it was asked helps nobody. */
function describeCrash(error: unknown): string {
  const { message, stack = error, cause } = Object(error)
  const isOfSystem = [error, cause].some(each => 'syscall' in Object(each))
  return `prismacloud-proxy failed: ${isOfSystem ? message : stack}\n`
}

function isEntryPoint(): boolean {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
}

/** Says what went wrong in one line of its own; Node.js would show the line of the bundle too, which is a megabyte long. */
function crash(error: unknown): never {
  process.stderr.write(describeCrash(error))
  process.exit(ExitCode.failed)
}

if (isEntryPoint()) {
  // before all else: no secret has been read yet, and no signal may have an effect of its own
  const signals = takeSignals(process, () => isHungUp())
  const terminal = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    system: process.platform,
    hasTerminal,
  }
  const isHungUp = watchTerminal(terminal)
  process.on('uncaughtException', crash)
  // whoever read the output has gone (`| head`): what still comes is for nobody, and no reason to end
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  const code = await main({
    args: process.argv.slice(2),
    env: process.env,
    homeDirectory: homedir(),
    signals,
    ...terminal,
  })
  // what is on its way to a pipe is not lost
  await new Promise(done => process.stdout.write('', done))
  // a DNS lookup cannot be called off and would keep the process for as long as its servers are silent
  process.exit(code)
}
