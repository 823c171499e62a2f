import { quantile } from '../../support/quantile.js'

const LABEL_WIDTH = 46
const CELL_WIDTH = 10

/** What was measured, in rows in the order in which they are first heard of, and for several names. */
export class Figures {
  #unit
  #names
  #rows = new Map()

  /** `unit` is how many milliseconds are 1. */
  constructor(unit, names) {
    this.#unit = unit
    this.#names = names
  }

  add(label, name, milliseconds) {
    if (!this.#rows.has(label)) this.#rows.set(label, new Map(this.#names.map(each => [each, []])))
    this.#rows
      .get(label)
      .get(name)
      .push(milliseconds / this.#unit)
  }

  /** The median, or undefined where nothing was measured. */
  of(label, name) {
    return quantile(this.#rows.get(label)?.get(name) ?? [], 0.5)
  }

  /** A table of all medians, and of `ratios`: rows of a label and what computes a cell of a name. */
  table(title, ratios) {
    const medians = [...this.#rows.keys()].map(label => [label, name => this.of(label, name)])
    const rows = [...medians, ...ratios]
      .map(([label, cell]) => [label, this.#names.map(cell).map(shown)])
      .filter(([, cells]) => cells.some(cell => cell !== ''))
    return ['', title, line('', this.#names), ...rows.map(row => line(...row))].join('\n')
  }
}

/** Blank where nothing was measured. */
function shown(figure) {
  return Number.isFinite(figure) ? figure.toFixed(2) : ''
}

function line(label, cells) {
  return label.padEnd(LABEL_WIDTH) + cells.map(cell => cell.padStart(CELL_WIDTH)).join('')
}
