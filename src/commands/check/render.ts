import { styleText } from 'node:util'
import { oneLine } from '../../problem/text.ts'
import { ExitCode, type Output } from '../host.ts'
import type { Finding, Mark } from './finding.ts'

const LONGEST_LABEL = 'outbound proxy'.length

/** No line is longer than this many characters: some of what it says comes from the other side. */
const MAX_TEXT = 1000

const SYMBOLS = {
  good: ['✓', 'green'],
  bad: ['✗', 'red'],
  refused: ['✗', 'red'],
  warning: ['!', 'yellow'],
  skipped: ['-', 'dim'],
} as const satisfies Record<Mark, readonly [string, Parameters<typeof styleText>[0]]>

/** Writes a finding as one line; coloured on a terminal. */
export function writeFinding(stdout: Output, { label, mark, text }: Finding): void {
  const [symbol, colour] = SYMBOLS[mark]
  const shown = styleText(colour, symbol, { stream: stdout })
  stdout.write(`${shown} ${label.padEnd(LONGEST_LABEL)}  ${oneLine(text, MAX_TEXT)}\n`)
}

/** The exit code that so many findings make: credentials that were refused outweigh what else failed. */
export function exitCodeOf(marks: ReadonlySet<Mark>): number {
  if (marks.has('refused')) return ExitCode.credentialsRefused
  return marks.has('bad') ? ExitCode.failed : ExitCode.good
}
