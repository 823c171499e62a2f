import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Host } from '../host.ts'
import { outlivesTerminal } from '../terminal/signal.ts'
import { REOPENING } from '../terminal/take-signals.ts'

/** What the command is told of, while it runs. */
const FORWARDED = ['SIGTERM', 'SIGHUP', ...REOPENING] as const

/** What Windows tells every program of a console by itself. Somebody has to listen, or it ends this one at once. */
const TOLD_BY_WINDOWS = ['SIGINT', 'SIGBREAK', 'SIGHUP'] as const

/** How a shell says that a command could not be run (POSIX, "Exit Status for Commands"). */
const CANNOT_RUN = { found: 126, missing: 127 } as const

/** Runs a command to its end, with the streams of this process, and gives its exit code as a shell would. */
export async function runCommand(command: readonly string[], env: Host['env'], host: Host): Promise<number> {
  // Node.js has the signals of its children as they are by default: what ignores SIGHUP would not be inherited
  const [file = '', ...args] = outlivesTerminal(host) ? ['nohup', ...command] : command
  try {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...env } })
    const ended = new Promise<number>(resolve => {
      // Node.js gives one of the two
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]))
    })
    await once(child, 'spawn')
    // it may have become another user's, whom no signal of ours reaches; any listener will do
    child.on('error', Boolean)
    passSignalsOn(child, host)
    return await ended
  } catch (error) {
    return cannotRun(file, error as NodeJS.ErrnoException, host)
  }
}

function passSignalsOn(child: ChildProcess, { signals, hasTerminal, system }: Host): void {
  if (system === 'win32') {
    for (const name of TOLD_BY_WINDOWS) signals.on(name, () => {})
    return
  }
  for (const name of FORWARDED) signals.on(name, () => child.kill(name))
  // a terminal sends it to the command too, which might take a second one for impatience
  signals.on('SIGINT', () => hasTerminal() || child.kill('SIGINT'))
}

/** Some errors come of starting it, some are thrown. */
function cannotRun(file: string, { code }: NodeJS.ErrnoException, { stderr, system }: Host): number {
  const cure = system === 'win32' ? `; a .cmd or .bat file is run by cmd: exec -- cmd /c ${file}` : ''
  stderr.write(`${file} cannot be run (${code})${cure}\n`)
  return code === 'ENOENT' ? CANNOT_RUN.missing : CANNOT_RUN.found
}
