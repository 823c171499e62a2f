import type { Host } from '../host.ts'
import { Redraw } from '../terminal/redraw.ts'

/** What shows a status that is watched. */
export interface Display<T> {
  show(status: T): void
  /** Shows why there is no status at the moment. */
  lost(error: Error): void
  /** Gives the terminal back. */
  close(): void
}

/** How a {@link Display} writes a status. */
export interface DisplayOptions<T> {
  readonly format: (status: T) => readonly string[]
  /** The lines between two statuses, if the output is no terminal. */
  readonly between: string
}

/** The members of a status that change by themselves as time passes. */
const PASSING = ['uptime', 'secondsLeft']

/** Draws each status in the place of the one before, on a terminal. */
export function terminalDisplay<T>({ stdout }: Pick<Host, 'stdout'>, { format }: DisplayOptions<T>): Display<T> {
  const redraw = new Redraw(stdout)
  let latest: readonly string[] = []
  return {
    show(status) {
      latest = format(status)
      redraw.draw(latest)
    },
    lost: error => redraw.draw([lostLine(error), '', ...latest]),
    close: () => redraw.close(),
  }
}

/** Writes each status that differs from the one before by more than the time that has passed. */
export function linesDisplay<T>(
  { stdout, stderr }: Pick<Host, 'stdout' | 'stderr'>,
  { format, between }: DisplayOptions<T>,
): Display<T> {
  let latest: string | undefined
  let reason: string | undefined
  return {
    show(status) {
      reason = undefined
      const lasting = JSON.stringify(status, (key, value) => (PASSING.includes(key) ? undefined : value))
      if (lasting === latest) return
      stdout.write(`${latest === undefined ? '' : between}${format(status).join('\n')}\n`)
      latest = lasting
    },
    lost(error) {
      if (error.message !== reason) stderr.write(`${lostLine(error)}\n`)
      reason = error.message
    },
    close() {},
  }
}

function lostLine({ message }: Error): string {
  return `trying again every second: ${message}`
}
