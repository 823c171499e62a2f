import type { Output } from '../host.ts'

/** Control sequences of terminals (ECMA-48, and xterm's for the cursor and for lines that are too long). */
const [CLEAR_REST_OF_LINE, CLEAR_BELOW] = ['\u001b[K', '\u001b[J']
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const CUT_LONG_LINES = '\u001b[?7l'
const WRAP_LONG_LINES = '\u001b[?7h'

/** The height of a terminal that does not say it, or says 0, in lines. */
const USUAL_ROWS = 24

/**
 * Draws lines in the same place of a terminal again and again, each time with one write, so that nothing flickers. What
 * does not fit is cut off. The cursor is hidden until {@link Redraw.close}.
 */
export class Redraw {
  readonly #output: Output
  #drawn = 0

  /** `output` must be a terminal that knows control sequences. */
  constructor(output: Output) {
    this.#output = output
    output.write(HIDE_CURSOR + CUT_LONG_LINES)
  }

  /** Draws lines in place of those before. */
  draw(lines: readonly string[]): void {
    const shown = fitting(lines, (this.#output.rows || USUAL_ROWS) - 1)
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : ''
    this.#output.write(up + shown.map(line => `${line}${CLEAR_REST_OF_LINE}\n`).join('') + CLEAR_BELOW)
    this.#drawn = shown.length
  }

  /** Gives the terminal back. What was drawn last stays. */
  close(): void {
    this.#output.write(WRAP_LONG_LINES + SHOW_CURSOR)
  }
}

function fitting(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines
  return [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`]
}
