import type { EventEmitter } from 'node:events'
import type { WriteStream } from 'node:tty'

/** Standard output or error: a terminal, a pipe or a file. */
export type Output = NodeJS.WritableStream &
  Pick<WriteStream, 'writableLength'> &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>

/** The process that a command runs in, as far as commands use it. Tests pass a fake one. */
export interface Host {
  /** The arguments after the command's name. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** The variables of the service manager that started the process, such as `NOTIFY_SOCKET`. They are not in `env`. */
  readonly managed: Readonly<Record<string, string | undefined>>
  readonly homeDirectory: string
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: Output
  readonly stderr: Output
  /** Emits `SIGINT`, `SIGTERM`, `SIGHUP`, `SIGUSR1` and `SIGUSR2`. */
  readonly signals: Pick<EventEmitter, 'once' | 'on' | 'emit'>
  /** The operating system. Windows has no signals, and has named pipes in place of Unix sockets. */
  readonly system: NodeJS.Platform
  /** Whether the process has a controlling terminal (POSIX), which may be closed. */
  hasTerminal(): boolean
}

/** The exit codes of all commands, documented in the README. `exec` ends with the exit code of its command. */
export const ExitCode = {
  good: 0,
  failed: 1,
  badUsage: 2,
  credentialsRefused: 3,
  interrupted: 130,
  terminated: 143,
} as const

/** Writes an error's message to standard error and returns exit code 1. */
export function fail({ stderr }: Host, { message }: Error): number {
  stderr.write(`${message}\n`)
  return ExitCode.failed
}
