import { createInterface } from 'node:readline'
import type { Host } from '../host.ts'

/** Whether the user can be asked a question: both input and output must be a terminal. */
export function isInteractive({ stdin, stdout }: Host): boolean {
  return stdout.isTTY === true && 'isTTY' in stdin && stdin.isTTY === true
}

/**
 * Asks a yes-or-no question on standard output. Resolves to true only for the answers `y` and `yes`; an empty line
 * means no.
 */
export async function confirm({ stdin, stdout }: Host, question: string): Promise<boolean> {
  stdout.write(`${question} [y/N] `)
  for await (const line of createInterface({ input: stdin })) return /^y(es)?$/i.test(line.trim())
  return false
}
