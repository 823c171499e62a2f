import { EventEmitter } from 'node:events'
import { ExitCode } from '../host.ts'

/**
 * The signals that end a process, each with the exit code that a shell returns for it: 128 plus the signal's number.
 */
export const ENDING = {
  SIGINT: ExitCode.interrupted,
  // Ctrl-Break on Windows, with which one program can end another
  SIGBREAK: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated,
} as const

/**
 * The signals that reopen files. Without a listener, SIGUSR1 opens Node.js's inspector, and SIGUSR2 ends the process.
 */
export const REOPENING = ['SIGUSR1', 'SIGUSR2'] as const

/** The parts of `process` that {@link takeSignals} uses. */
export type SignalledProcess = Pick<
  NodeJS.Process,
  'on' | 'once' | 'removeAllListeners' | 'platform' | 'pid' | 'kill' | 'exit'
>

/**
 * Handles the signals of a process, so that none has its default effect, however early it arrives. Returns an emitter
 * that passes them on. If the emitter has no listener for them, SIGINT, SIGBREAK and SIGTERM end the process at once,
 * even as process 1 of a container, for which the kernel ignores unhandled signals. A SIGHUP without a listener ends it
 * if `isHungUp` says that the terminal was closed; otherwise the signal waits for the first listener.
 */
export function takeSignals(self: SignalledProcess, isHungUp: () => boolean): EventEmitter {
  const signals = new EventEmitter()
  let missed = false
  for (const [name, code] of Object.entries(ENDING)) {
    self.on(name, () => {
      if (!signals.emit(name)) endBySignal(self, name, code)
    })
  }
  for (const name of REOPENING) self.on(name, () => signals.emit(name))
  self.on('SIGHUP', () => {
    if (signals.emit('SIGHUP')) return
    if (isHungUp()) endBySignal(self, 'SIGHUP', ExitCode.terminated)
    missed = true
  })
  signals.on('newListener', name => {
    if (name !== 'SIGHUP' || !missed) return
    missed = false
    setImmediate(() => signals.emit('SIGHUP'))
  })
  return signals
}

/**
 * Ends a process with a signal, after running its exit handlers. `exit` alone would wait for threads that read a pipe
 * or resolve a name, possibly forever. It is still needed for process 1 of a container, which its own signals cannot
 * kill, and on Windows, which has no signals.
 */
function endBySignal(self: SignalledProcess, name: string, code: number): void {
  self.removeAllListeners(name)
  if (self.platform !== 'win32') self.once('exit', () => self.kill(self.pid, name))
  self.exit(code)
}
