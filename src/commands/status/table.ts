import { oneLine } from '../../problem/text.ts'
import type { Paint } from '../terminal/colour.ts'

/** A cell of a table: a text, or a text with the format that a terminal shows it in. */
export type Cell = string | number | readonly [format: Parameters<Paint>[0], text: string]

/** The most characters of a cell, parts of which may come from clients and the upstream. */
const LONGEST_CELL = 120

/** The space between two columns. */
const GAP = '   '

/** Returns the lines of a table as kubectl prints them: aligned columns under their headings, no rules. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const cells = [headings, ...rows].map(row => row.map(textOf))
  const widths = headings.map((_, column) => Math.max(...cells.map(row => `${row[column]}`.length)))
  return [headings, ...rows].map((row, index) =>
    row
      .map((cell, column) => {
        const text = `${cells[index]?.[column]}`
        const padding = column === headings.length - 1 ? '' : ' '.repeat(Number(widths[column]) - text.length) + GAP
        return (isPlain(cell) ? text : paint(cell[0], text)) + padding
      })
      .join(''),
  )
}

function isPlain(cell: Cell): cell is string | number {
  return !Array.isArray(cell)
}

function textOf(cell: Cell): string {
  return oneLine(isPlain(cell) ? `${cell}` : cell[1], LONGEST_CELL)
}
