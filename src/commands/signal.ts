import { closeSync, openSync } from 'node:fs'
import type { App } from '../app.ts'
import { ExitCode, type Host } from './host.ts'

/** The exit code of what a signal ended before its time: 128 and the signal's number (POSIX shell). */
const SIGNALS = {
  SIGINT: ExitCode.interrupted,
  // Ctrl-Break of Windows, by which one program may ask another to end
  SIGBREAK: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated,
} as const

/**
 * Waits for the first signal that asks to end, and gives the exit code for an end that has to be cut short. The same
 * signal once more ends the process at once, as if nobody listened.
 */
export function untilSignal({ signals }: Host): Promise<number> {
  return new Promise(resolve => {
    for (const [name, code] of Object.entries(SIGNALS)) signals.once(name, () => resolve(code))
  })
}

/**
 * Calls `reload` for each SIGHUP, until one comes because the terminal was closed: that asks to end, and gives the exit
 * code for an end that has to be cut short.
 */
export function untilHangUp({ signals, hasTerminal, system }: Host, reload: () => void): Promise<number> {
  const hadTerminal = hasTerminal()
  return new Promise(resolve => {
    signals.on('SIGHUP', () => {
      // on Windows it comes of nothing else
      if (system === 'win32' || (hadTerminal && !hasTerminal())) resolve(ExitCode.terminated)
      else reload()
    })
  })
}

/** Whether a terminal controls the process: only then can the device that stands for it be opened (POSIX, `/dev/tty`). */
export function hasTerminal(device = '/dev/tty'): boolean {
  try {
    closeSync(openSync(device, 'r'))
    return true
  } catch {
    return false
  }
}

/** Ends an app for a signal, and gives the exit code: good, unless running requests had to be cut off. */
export async function drain(app: App, ending: number): Promise<number> {
  return (await app.close()) ? ExitCode.good : ending
}
