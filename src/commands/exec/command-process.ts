import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Host } from '../host.ts'
import { outlivesTerminal } from '../terminal/signal.ts'
import { REOPENING } from '../terminal/take-signals.ts'

/** Signals that are forwarded to the running command. */
const FORWARDED = ['SIGTERM', 'SIGHUP', ...REOPENING] as const

/**
 * Signals that Windows sends to every program attached to a console. Without a listener here, they would end this
 * process at once.
 */
const SENT_BY_WINDOWS = ['SIGINT', 'SIGBREAK', 'SIGHUP'] as const

/** The exit codes that a shell returns for a command that cannot be run (POSIX, "Exit Status for Commands"). */
const CANNOT_RUN = { found: 126, missing: 127 } as const

/** How a shell words the most common errors of execve(2). */
const REASONS: Readonly<Record<string, string>> = { ENOENT: 'command not found', EACCES: 'permission denied' }

/**
 * Runs a command with the standard streams of this process and returns its exit code as a shell would: 128 plus the
 * number of the signal if one killed it, 126 or 127 if it cannot be run.
 */
export async function runCommand(command: readonly string[], env: Host['env'], host: Host): Promise<number> {
  // Node.js resets the signals of its children, so the command would not inherit nohup's ignored SIGHUP
  const [file = '', ...args] = outlivesTerminal(host) ? ['nohup', ...command] : command
  try {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...env } })
    const ended = new Promise<number>(resolve => {
      // exactly one of the two is not null
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]))
    })
    await once(child, 'spawn')
    // kill() fails if the command now runs as another user; without a listener the error would be thrown
    child.on('error', Boolean)
    passSignalsOn(child, host)
    return await ended
  } catch (error) {
    return cannotRun(file, error as NodeJS.ErrnoException, host)
  }
}

function passSignalsOn(child: ChildProcess, { signals, hasTerminal, system }: Host): void {
  if (system === 'win32') {
    for (const name of SENT_BY_WINDOWS) signals.on(name, () => {})
    return
  }
  for (const name of FORWARDED) signals.on(name, () => child.kill(name))
  // a terminal sends SIGINT to the command as well, and many programs quit hard on a second one
  signals.on('SIGINT', () => hasTerminal() || child.kill('SIGINT'))
}

function cannotRun(file: string, { code }: NodeJS.ErrnoException, { stderr, system }: Host): number {
  const reason = REASONS[`${code}`] ?? `cannot be run (${code})`
  const cure = system === 'win32' ? `; run a .cmd or .bat file with cmd: exec -- cmd /c ${file}` : ''
  stderr.write(`exec: ${file}: ${reason}${cure}\n`)
  return code === 'ENOENT' ? CANNOT_RUN.missing : CANNOT_RUN.found
}
