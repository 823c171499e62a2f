import type { EventEmitter } from 'node:events'
import type { WriteStream } from 'node:tty'
import { nearest } from '../kernel/nearest.ts'

/** Where output goes: a terminal, a pipe or a file. */
export type Output = NodeJS.WritableStream &
  Pick<WriteStream, 'writableLength'> &
  Partial<Pick<WriteStream, 'isTTY' | 'columns'>>

/** What a command knows of the process that it runs in; tests give another. */
export interface Host {
  /** What follows the command's name. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly homeDirectory: string
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: Output
  readonly stderr: Output
  /** Emits `SIGINT`, `SIGTERM`, `SIGHUP`, `SIGUSR1` and `SIGUSR2`. */
  readonly signals: Pick<EventEmitter, 'once' | 'on' | 'emit'>
  /** What it runs on. Windows has neither signals nor sockets in folders. */
  readonly system: NodeJS.Platform
  /** Whether the process has a terminal that it is controlled by (POSIX), which may be closed. */
  hasTerminal(): boolean
}

/** How a command ends; the contract's exit codes. */
export const ExitCode = {
  good: 0,
  failed: 1,
  badUsage: 2,
  credentialsRefused: 3,
  interrupted: 130,
  terminated: 143,
} as const

/** One of the binary's commands. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  /** All of `--help`. */
  help(): string
  /** Runs it and gives the exit code. Throws a {@link UsageError} for arguments that make no sense. */
  run(host: Host): Promise<number>
}

/** Arguments that make no sense; the message names the fault and the cure. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Says in one line what went wrong, and gives the exit code for that. */
export function fail({ stderr }: Host, { message }: Error): number {
  stderr.write(`${message}\n`)
  return ExitCode.failed
}

/** What to throw for an argument that a command does not take; `known` are those that it does. */
export function unknownArgument(command: string, argument: string, known: readonly string[]): UsageError {
  const meant = nearest(argument, known)
  const hint = meant ? `; did you mean "${meant}"?` : '.'
  return new UsageError(`${command} takes no "${argument}"${hint} See prismacloud-proxy ${command} --help.`)
}
