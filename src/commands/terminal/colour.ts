import { styleText } from 'node:util'
import type { Host, Output } from '../host.ts'

/** Gives a text the look of a format, where its output takes colours. */
export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

const OFF = ['0', 'false']

/**
 * Whether an output takes colours: never where NO_COLOR is set to anything (https://no-color.org), else as FORCE_COLOR
 * says, else at a terminal that is not a dumb one.
 */
export function takesColours({ isTTY }: Output, env: Host['env']): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return !OFF.includes(env.FORCE_COLOR)
  return isTTY === true && env.TERM !== 'dumb'
}

/** Gives what paints for an output. */
export function painter(output: Output, env: Host['env']): Paint {
  if (!takesColours(output, env)) return (_, text) => text
  return (format, text) => styleText(format, text, { validateStream: false })
}
