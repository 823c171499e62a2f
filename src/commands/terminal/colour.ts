import { styleText } from 'node:util'
import type { Host, Output } from '../host.ts'

/** Formats a text for a terminal, for example in colour. Returns it unchanged if the output takes no colours. */
export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

const OFF = ['0', 'false']

/**
 * Whether to colour an output: no if NO_COLOR is set (https://no-color.org), otherwise as FORCE_COLOR says, and
 * otherwise if it is a terminal and TERM is not `dumb`.
 */
export function takesColours({ isTTY }: Output, env: Host['env']): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return !OFF.includes(env.FORCE_COLOR)
  return isTTY === true && env.TERM !== 'dumb'
}

/** Makes a {@link Paint} for an output. */
export function painter(output: Output, env: Host['env']): Paint {
  if (!takesColours(output, env)) return (_, text) => text
  return (format, text) => styleText(format, text, { validateStream: false })
}
