import { createInterface } from 'node:readline'
import type { Host } from '../host.ts'

/** Whether the user can be asked a question: both input and output must be a terminal. */
export function isInteractive({ stdin, stdout }: Host): boolean {
  return stdout.isTTY === true && 'isTTY' in stdin && stdin.isTTY === true
}

/** Asks questions on standard output, and reads the answers from standard input. */
export interface Prompt {
  /** Resolves to the line that is typed, without white space around it, or to undefined at the end of the input. */
  ask(question: string): Promise<string | undefined>
  close(): void
}

/** Opens a prompt. One serves for all questions of a command, because it also reads what is typed ahead. */
export function openPrompt({ stdin, stdout }: Host): Prompt {
  const reader = createInterface({ input: stdin })
  const lines = reader[Symbol.asyncIterator]()
  return {
    async ask(question) {
      stdout.write(`${question} `)
      const { done, value } = await lines.next()
      return done ? undefined : value.trim()
    },
    close: () => reader.close(),
  }
}

/**
 * Asks a yes-or-no question on standard output. Resolves to true only for the answers `y` and `yes`; an empty line
 * means no.
 */
export async function confirm(host: Host, question: string): Promise<boolean> {
  const prompt = openPrompt(host)
  const answer = await prompt.ask(`${question} [y/N]`)
  prompt.close()
  return /^y(es)?$/i.test(answer ?? '')
}
