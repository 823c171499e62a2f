import leven from 'leven'

const MAX_DISTANCE = 3

/** The candidate that `typed` was most likely meant to be, or `undefined` when none is close enough to suggest. */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.min(MAX_DISTANCE, Math.ceil(typed.length / 2)) + 1
  for (const candidate of candidates) {
    const distance = leven(typed.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}
