#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Command } from './commands/command.ts'
import { ExitCode, type Host } from './commands/host.ts'
import { commandNames, describeCommands, loadCommand } from './commands/registry.ts'
import { closeExposures } from './commands/serve/exposures.ts'
import { takeManagerVariables } from './commands/systemd/manager-variables.ts'
import { hasTerminal, watchTerminal } from './commands/terminal/signal.ts'
import { takeSignals } from './commands/terminal/take-signals.ts'
import { ConfigError } from './config/fault.ts'
import { asksForHelp, takeCommand, UsageError } from './kernel/arguments.ts'
import { PROGRAM, version } from './kernel/product.ts'

/** Runs the command that the arguments name, `start` if they name none, and gives its exit code. Never rejects. */
export function main(host: Host): Promise<number> {
  return explainingErrors(PROGRAM, host, async () => {
    const [first = ''] = host.args
    if (first === '--version') return print(host, `${version}\n`)
    if (['--help', '-h', 'help'].includes(first)) return print(host, await overview(host))
    const [name = 'start', args] = takeCommand(host.args, commandNames)
    const command = await loadCommand(name)
    if (asksForHelp(args)) return print(host, await help(name, command, { ...host, args }))
    for (const warning of await closeExposures(process.execArgv, host.env.NODE_OPTIONS))
      host.stderr.write(`warning: ${warning}\n`)
    return explainingErrors(`${PROGRAM} ${name}`, host, () => command.run({ ...host, args }))
  })
}

/** Runs a part of the program. An error becomes a message and an exit code; bad usage refers to the help of `program`. */
async function explainingErrors(program: string, { stderr }: Host, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    const [code, message] = explain(error, program)
    stderr.write(message)
    return code
  }
}

function explain(error: unknown, program: string): [code: number, message: string] {
  if (error instanceof UsageError) return [ExitCode.badUsage, `${error.message}\nSee "${program} --help".\n`]
  if (error instanceof ConfigError) return [ExitCode.badUsage, `${error.message}\n`]
  return [ExitCode.failed, describeCrash(error)]
}

async function overview({ stdout }: Host): Promise<string> {
  const { renderOverview } = await import('./commands/help/overview.ts')
  return renderOverview(await describeCommands(), stdout)
}

async function help(name: string, command: Command, host: Host): Promise<string> {
  const { helpFor } = await import('./commands/help/help.ts')
  return helpFor(name, command, host)
}

function print({ stdout }: Host, text: string): number {
  stdout.write(text)
  return ExitCode.good
}

/** An error of the operating system, such as ENOSPC, needs no stack trace. */
function describeCrash(error: unknown): string {
  const { message, stack = error, cause } = Object(error)
  const isOfSystem = [error, cause].some(each => 'syscall' in Object(each))
  return `${PROGRAM} failed: ${isOfSystem ? message : stack}\n`
}

function isEntryPoint(): boolean {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
}

/** Reports an error that nobody caught. Node.js would print the line of the bundle too, which is a megabyte long. */
function crash(error: unknown): never {
  process.stderr.write(describeCrash(error))
  process.exit(ExitCode.failed)
}

if (isEntryPoint()) {
  // first of all, before any secret is read: Node.js opens its inspector on SIGUSR1 and dies of other signals
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
  // EPIPE: the reader has gone (`| head`), which is no reason to stop
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  const code = await main({
    args: process.argv.slice(2),
    managed: takeManagerVariables(process.env),
    env: process.env,
    homeDirectory: homedir(),
    signals,
    ...terminal,
  })
  // wait until a pipe has taken all output
  await new Promise(done => process.stdout.write('', done))
  // a DNS lookup cannot be cancelled and would keep the process alive until it times out
  process.exit(code)
}
