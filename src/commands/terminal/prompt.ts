import { createInterface } from 'node:readline'
import type { Host } from '../host.ts'

/** Whether a person is there to be asked. */
export function isInteractive({ stdin, stdout }: Host): boolean {
  return stdout.isTTY === true && 'isTTY' in stdin && stdin.isTTY === true
}

/** Asks a question that only `y` or `yes` agrees to. */
export async function confirm({ stdin, stdout }: Host, question: string): Promise<boolean> {
  stdout.write(`${question} [y/N] `)
  for await (const line of createInterface({ input: stdin })) return /^y(es)?$/i.test(line.trim())
  return false
}
