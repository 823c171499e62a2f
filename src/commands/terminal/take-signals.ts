import { EventEmitter } from 'node:events'
import { ExitCode } from '../host.ts'

/** What ends a process that does not listen, with the exit code that shells tell for that: 128 and the signal's number. */
export const ENDING = {
  SIGINT: ExitCode.interrupted,
  // Ctrl-Break of Windows, by which one program may ask another to end
  SIGBREAK: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated,
} as const

/** What programs are told to open their files anew by. Unheard, Node.js opens its inspector for the first and dies of the second. */
export const REOPENING = ['SIGUSR1', 'SIGUSR2'] as const

/** What is used of a process. */
export type SignalledProcess = Pick<
  NodeJS.Process,
  'on' | 'once' | 'removeAllListeners' | 'platform' | 'pid' | 'kill' | 'exit'
>

/**
 * Takes the signals of a process over, so that none has the effect that Node.js or the system gives it, however early it
 * comes: even as process 1 of a container, which the system lets ignore what it does not listen for. The emitter given
 * back passes them on. Where nobody listens, SIGINT and SIGTERM end the process at once, and so does the SIGHUP of a
 * closed terminal, for which `isHungUp` is asked; any other SIGHUP is kept for the first who listens for it.
 */
export function takeSignals(self: SignalledProcess, isHungUp: () => boolean): EventEmitter {
  const signals = new EventEmitter()
  let missed = false
  for (const [name, code] of Object.entries(ENDING)) {
    self.on(name, () => {
      if (!signals.emit(name)) dieOf(self, name, code)
    })
  }
  for (const name of REOPENING) self.on(name, () => signals.emit(name))
  self.on('SIGHUP', () => {
    if (signals.emit('SIGHUP')) return
    if (isHungUp()) dieOf(self, 'SIGHUP', ExitCode.terminated)
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
 * Has a signal end a process at once, after all that is to be done when it ends. `exit` alone would wait for threads that
 * read a pipe or look up a name, for ever if need be; it is what ends process 1 of a container, whom its own signals cannot
 * end, and a process of Windows, which knows none.
 */
function dieOf(self: SignalledProcess, name: string, code: number): void {
  self.removeAllListeners(name)
  if (self.platform !== 'win32') self.once('exit', () => self.kill(self.pid, name))
  self.exit(code)
}
