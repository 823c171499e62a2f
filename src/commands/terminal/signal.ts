import { closeSync, openSync } from 'node:fs'
import type { App } from '../../app/app.ts'
import { ExitCode, type Host } from '../host.ts'
import { ENDING } from './take-signals.ts'

/**
 * Waits for the first signal that asks to end, and gives the exit code for an end that has to be cut short. The same
 * signal once more ends the process at once, as if nobody listened.
 */
export function untilSignal({ signals }: Host): Promise<number> {
  return new Promise(resolve => {
    for (const [name, code] of Object.entries(ENDING)) signals.once(name, () => resolve(code))
  })
}

/** The parts of a host that tell of its terminal. */
type Terminal = Pick<Host, 'stdin' | 'stdout' | 'stderr' | 'hasTerminal' | 'system'>

/**
 * Whether a process is to outlive its terminal, as `nohup` has it: that takes the terminal away from all three streams.
 * Its other mark, that SIGHUP is ignored, Node.js has wiped out before it runs any of our code.
 */
export function outlivesTerminal(host: Terminal): boolean {
  return host.system !== 'win32' && host.hasTerminal() && !talksToTerminal(host)
}

/**
 * Gives what tells whether the terminal that a process talked to at first is gone. On Windows SIGHUP comes of nothing but
 * a closed window.
 */
export function watchTerminal(host: Terminal): () => boolean {
  if (host.system === 'win32') return () => true
  const hadTerminal = talksToTerminal(host) && host.hasTerminal()
  return () => hadTerminal && !host.hasTerminal()
}

function talksToTerminal({ stdin, stdout, stderr }: Terminal): boolean {
  return [stdin, stdout, stderr].some(stream => 'isTTY' in stream && stream.isTTY === true)
}

/**
 * Calls `reload` for each SIGHUP, until one comes because the terminal was closed: that asks to end, and gives the exit
 * code for an end that has to be cut short.
 */
export function untilHangUp(host: Host, reload: () => void): Promise<number> {
  const isHungUp = watchTerminal(host)
  return new Promise(resolve => {
    host.signals.on('SIGHUP', () => {
      if (isHungUp()) resolve(ExitCode.terminated)
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
