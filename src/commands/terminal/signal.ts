import { closeSync, openSync } from 'node:fs'
import type { App } from '../../app/app.ts'
import { ExitCode, type Host } from '../host.ts'
import { ENDING } from './take-signals.ts'

/**
 * Waits for SIGINT, SIGBREAK or SIGTERM. Resolves to the exit code to use if running requests have to be cut off. If
 * the same signal arrives again, it ends the process at once.
 */
export function untilSignal({ signals }: Host): Promise<number> {
  return new Promise(resolve => {
    for (const [name, code] of Object.entries(ENDING)) signals.once(name, () => resolve(code))
  })
}

/** The parts of a host that concern its terminal. */
type Terminal = Pick<Host, 'stdin' | 'stdout' | 'stderr' | 'hasTerminal' | 'system'>

/**
 * Whether the process must outlive its terminal because `nohup` started it. It then has a controlling terminal, but
 * none of its three standard streams is connected to it. The other sign of nohup, an ignored SIGHUP, cannot be seen:
 * Node.js resets it before any of our code runs.
 */
export function outlivesTerminal(host: Terminal): boolean {
  return host.system !== 'win32' && host.hasTerminal() && !talksToTerminal(host)
}

/**
 * Makes a function that tells, after a SIGHUP, whether the terminal in which the process started was closed. It always
 * returns true on Windows, where a closed window is the only cause of SIGHUP.
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
 * Calls `reload` for each SIGHUP until one arrives because the terminal was closed. Then resolves to the exit code to
 * use if running requests have to be cut off.
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

/**
 * Whether the process has a controlling terminal: only then can `/dev/tty` be opened (POSIX, General Terminal
 * Interface).
 */
export function hasTerminal(device = '/dev/tty'): boolean {
  try {
    closeSync(openSync(device, 'r'))
    return true
  } catch {
    return false
  }
}

/**
 * Shuts an app down: with a grace period for its clients after SIGTERM, which service managers send, but not after
 * SIGINT, by which somebody at a terminal waits. Resolves to exit code 0 or, if running requests had to be cut off, to
 * that of the signal.
 */
export async function drain(app: App, codeOfSignal: number): Promise<number> {
  const grace = codeOfSignal === ExitCode.terminated
  return (await app.close({ grace })) ? ExitCode.good : codeOfSignal
}
