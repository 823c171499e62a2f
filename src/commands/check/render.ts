import { oneLine } from '../../problem/text.ts'
import { ExitCode, type Host } from '../host.ts'
import { type Paint, painter } from '../terminal/colour.ts'
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
} as const satisfies Record<Mark, readonly [string, Parameters<Paint>[0]]>

/** Writes a finding as one line. */
export function writeFinding({ stdout, env }: Pick<Host, 'stdout' | 'env'>, { label, mark, text }: Finding): void {
  const [symbol, colour] = SYMBOLS[mark]
  const shown = painter(stdout, env)(colour, symbol)
  stdout.write(`${shown} ${label.padEnd(LONGEST_LABEL)}  ${oneLine(text, MAX_TEXT)}\n`)
}

/** The exit code that so many findings make: credentials that were refused outweigh what else failed. */
export function exitCodeOf(marks: ReadonlySet<Mark>): number {
  if (marks.has('refused')) return ExitCode.credentialsRefused
  return marks.has('bad') ? ExitCode.failed : ExitCode.good
}
