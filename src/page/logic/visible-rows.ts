/** The part of a long list that is to be drawn: from `first` up to, not including, `end`. */
export interface VisibleRows {
  readonly first: number
  readonly end: number
}

/** Rows beyond the edges that are drawn as well, so that nothing is empty while somebody scrolls. */
const MARGIN = 8

/** The rows of a list of `count` that can be seen in a window of this height, scrolled this far. All rows are equally high. */
export function visibleRows(count: number, rowHeight: number, scrolled: number, height: number): VisibleRows {
  const first = Math.max(0, Math.floor(scrolled / rowHeight) - MARGIN)
  const end = Math.min(count, Math.ceil((scrolled + height) / rowHeight) + MARGIN)
  return { first: Math.min(first, end), end }
}
