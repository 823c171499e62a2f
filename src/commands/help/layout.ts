/** What is explained, with its explanation: a flag, a command, an exit code. */
export type Row = readonly [term: string, text: string]

/** The width of the help where nothing says how wide the terminal is, and at most, in columns. */
const WIDEST = 100

/** The least width, in columns: text in narrower columns is hard to read. */
const NARROWEST = 60

/** The part of the width that terms may take; a longer one has its explanation below it. */
const LARGEST_COLUMN = 0.4

/** Returns the width of a text for an output that is as many columns wide, or is no terminal. */
export function widthFor({ columns, isTTY }: { readonly columns?: number; readonly isTTY?: boolean }): number {
  // a terminal that does not know its width says that it has none
  const known = isTTY === true && columns ? columns : WIDEST
  return Math.min(WIDEST, Math.max(NARROWEST, known))
}

/** Breaks a text into lines of at most `width` columns. A longer word has a line for itself. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.pop()
    const longer = line === undefined ? word : `${line} ${word}`
    if (line === undefined || longer.length <= width) lines.push(longer)
    else lines.push(line, word)
  }
  return lines
}

/** Lays out paragraphs with an empty line between them. Items, which begin with `- `, stay together. */
export function layParagraphs(paragraphs: readonly string[], width: number): string {
  return paragraphs
    .map((text, at) => {
      const isItem = text.startsWith('- ')
      const lines = isItem ? `- ${wrap(text.slice(2), width - 2).join('\n  ')}` : wrap(text, width).join('\n')
      const gap = isItem && paragraphs[at - 1]?.startsWith('- ') ? '\n' : '\n\n'
      return at === 0 ? lines : gap + lines
    })
    .join('')
}

/** Lays out rows in two columns, indented by two, so that all explanations begin below each other. */
export function layRows(rows: readonly Row[], width: number): string {
  const longest = Math.max(...rows.map(([term]) => term.length))
  const column = Math.min(longest + 4, Math.floor(width * LARGEST_COLUMN))
  const margin = ' '.repeat(column)
  return rows
    .map(([term, text]) => {
      const lines = wrap(text, width - column).join(`\n${margin}`)
      const isShort = term.length <= column - 4
      return isShort ? `  ${term}`.padEnd(column) + lines : `  ${term}\n${margin}${lines}`
    })
    .join('\n')
}
