import { REFERENCE } from './peers.js'

const COLUMNS = ['', 'µs CPU q1', 'median', 'ratio', 'requests/s', 'p50 ms', 'ratio', 'p99 ms', 'ratio', 'MB']

/** The table of one scheme and number of connections: `windows` of each peer, ratios to those of the reference. */
export function table(title, windows) {
  const reference = windows.has(REFERENCE) ? summary(windows.get(REFERENCE)) : undefined
  const rows = [...windows].map(([name, ofPeer]) => row(name, summary(ofPeer), reference))
  return ['', title, line(COLUMNS), ...rows].join('\n')
}

/** Of the cost the lower quartile is compared, which a noisy machine moves least; of all else the median. */
function summary(windows) {
  const sorted = key => windows.map(window => window[key]).toSorted((a, b) => a - b)
  const at = (key, part) => sorted(key)[Math.floor((windows.length - 1) * part)]
  const [rate, p50, p99, memory] = ['rate', 'p50', 'p99', 'memory'].map(key => at(key, 0.5))
  return { cost: at('cost', 0.25), median: at('cost', 0.5), rate, p50, p99, memory }
}

function row(name, own, reference) {
  const ratio = key => (reference ? (own[key] / reference[key]).toFixed(2) : '')
  return line([
    name,
    own.cost.toFixed(1),
    own.median.toFixed(1),
    ratio('cost'),
    own.rate.toFixed(0),
    own.p50.toFixed(2),
    ratio('p50'),
    own.p99.toFixed(2),
    ratio('p99'),
    own.memory.toFixed(0),
  ])
}

function line([name, ...cells]) {
  return name.padEnd(12) + cells.map(cell => cell.padStart(11)).join('')
}
