import leven from 'leven'

/** The most edits (Levenshtein distance) between what was typed and a suggestion. */
const MAX_DISTANCE = 3

/** Returns the candidate closest to `typed`, to suggest it for a typo, or `undefined` if none is close enough. */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.min(MAX_DISTANCE, Math.ceil(typed.length / 2)) + 1
  for (const candidate of candidates) {
    const distance = leven(typed.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}
