import { quantile } from '../support/quantile.js'

const COLUMNS = ['', 'µs CPU q1', 'median', 'ratio', 'requests/s', 'p50 ms', 'ratio', 'p99 ms', 'ratio', 'MB']

/** A table of the `windows` of each that was measured, with ratios to those of the `reference`. */
export function table(title, windows, reference) {
  return ['', title, line(COLUMNS), ...[...windows].map(([name, own]) => row(name, own, windows.get(reference)))].join(
    '\n',
  )
}

/**
 * Of the cost the lower quartile, which a noisy machine moves least; of all else the median. A ratio is that of windows
 * which followed each other, the median of them.
 */
function row(name, own, reference) {
  const figure = (key, digits, part = 0.5) =>
    quantile(
      own.map(each => each[key]),
      part,
    ).toFixed(digits)
  const ratio = key => {
    const ratios = reference?.map((each, at) => own[at][key] / each[key])
    return ratios ? quantile(ratios, 0.5).toFixed(2) : ''
  }
  return line([
    name,
    figure('cost', 1, 0.25),
    figure('cost', 1),
    ratio('cost'),
    figure('rate', 0),
    figure('p50', 2),
    ratio('p50'),
    figure('p99', 2),
    ratio('p99'),
    figure('memory', 0),
  ])
}

function line([name, ...cells]) {
  return name.padEnd(12) + cells.map(cell => cell.padStart(11)).join('')
}
