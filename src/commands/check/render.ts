import { oneLine } from '../../problem/text.ts'
import { ExitCode, type Host } from '../host.ts'
import { type Paint, painter } from '../terminal/colour.ts'
import type { Finding, Mark } from './finding.ts'

const LONGEST_LABEL = 'outbound proxy'.length

/**
 * The maximum length of a finding's text, in characters. It is limited because parts of the text come from the
 * upstream.
 */
const MAX_TEXT = 1000

const SYMBOLS = {
  good: ['✓', 'green'],
  bad: ['✗', 'red'],
  rejected: ['✗', 'red'],
  warning: ['!', 'yellow'],
  skipped: ['-', 'dim'],
} as const satisfies Record<Mark, readonly [string, Parameters<Paint>[0]]>

/** Writes a finding on one line of standard output. */
export function writeFinding({ stdout, env }: Pick<Host, 'stdout' | 'env'>, { label, mark, text }: Finding): void {
  const [symbol, colour] = SYMBOLS[mark]
  const shown = painter(stdout, env)(colour, symbol)
  stdout.write(`${shown} ${label.padEnd(LONGEST_LABEL)}  ${shownText(text)}\n`)
}

/** Returns a finding's text as it is shown: on one line, and not too long. */
export function shownText(text: string): string {
  return oneLine(text, MAX_TEXT)
}

/** Returns the exit code for all findings. A rejected access key outweighs other failures. */
export function exitCodeOf(marks: ReadonlySet<Mark>): number {
  if (marks.has('rejected')) return ExitCode.credentialsRefused
  return marks.has('bad') ? ExitCode.failed : ExitCode.good
}
