/**
 * Picks the offered media type that an `Accept` header prefers (RFC 9110, 12.5.1). The most specific range that matches
 * an offer decides its weight. Of equal offers, and if none is acceptable, the first wins: an error in another format
 * is better than none. Parameters other than `q` are ignored.
 */
export function preferred<Offer extends string>(accept: string | undefined, first: Offer, ...others: Offer[]): Offer {
  const weights = new Map((accept ?? '').split(',').map(parseRange))
  let best = first
  for (const offer of others) if (weightOf(offer, weights) > weightOf(best, weights)) best = offer
  return best
}

function parseRange(range: string): [type: string, weight: number] {
  const type = range.replace(/;.*/s, '').trim().toLowerCase()
  return [type, Number(/;\s*q=([\d.]+)/i.exec(range)?.[1] ?? 1)]
}

function weightOf(offer: string, weights: ReadonlyMap<string, number>): number {
  return weights.get(offer) ?? weights.get(offer.replace(/\/.*/, '/*')) ?? weights.get('*/*') ?? 0
}
