import { EventEmitter } from 'node:events'
import { ExitCode } from './host.ts'

/** What ends a process that does not listen, with the exit code of a shell for that: 128 and the signal's number. */
export const ENDING = {
  SIGINT: ExitCode.interrupted,
  // Ctrl-Break of Windows, by which one program may ask another to end
  SIGBREAK: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated,
} as const

/** What programs are told to open their files anew by. Unheard, Node.js opens its inspector for the first and dies of the second. */
export const REOPENING = ['SIGUSR1', 'SIGUSR2'] as const

export interface TakeSignalsOptions {
  /** Whether the terminal that the process talked to is gone. */
  isHungUp(): boolean
  exit(code: number): void
}

/**
 * Takes the signals of a process over, so that none has the effect that Node.js or the system gives it, however early it
 * comes: even as process 1 of a container, which the system lets ignore what it does not listen for. The emitter given
 * back passes them on. Where nobody listens, SIGINT and SIGTERM end the process at once, and so does the SIGHUP of a
 * closed terminal; any other SIGHUP is kept for the first who listens for it.
 */
export function takeSignals(source: Pick<EventEmitter, 'on'>, { isHungUp, exit }: TakeSignalsOptions): EventEmitter {
  const signals = new EventEmitter()
  let missed = false
  for (const [name, code] of Object.entries(ENDING)) {
    source.on(name, () => {
      if (!signals.emit(name)) exit(code)
    })
  }
  for (const name of REOPENING) source.on(name, () => signals.emit(name))
  source.on('SIGHUP', () => {
    if (signals.emit('SIGHUP')) return
    if (isHungUp()) exit(ExitCode.terminated)
    missed = true
  })
  signals.on('newListener', name => {
    if (name !== 'SIGHUP' || !missed) return
    missed = false
    setImmediate(() => signals.emit('SIGHUP'))
  })
  return signals
}
