/**
 * What a member is to do that needs a newer token:
 *
 * - `news`: take the outcome of a newer call, which is valid for so many more milliseconds.
 * - `call`: make the call.
 * - `busy`: wait for the outcome of another member's call, which is alive for so many milliseconds unless it says more.
 */
export type Claim =
  | {
      readonly kind: 'news'
      readonly generation: number
      readonly sealed: string
      readonly life: number
      readonly left: number
    }
  | { readonly kind: 'call'; readonly generation: number }
  | { readonly kind: 'busy'; readonly wait: number }

/** Reads what the script `CLAIM` answers. Returns undefined for what it cannot read. */
export function readClaim(answer: unknown): Claim | undefined {
  const [kind, ...values] = Array.isArray(answer) ? answer.map(String) : []
  const [first = Number.NaN, , life = Number.NaN, left = Number.NaN] = values.map(Number)
  if (kind === 'busy' && first >= 0) return { kind, wait: first }
  // a larger generation could not grow any more
  const isGeneration = Number.isSafeInteger(first) && first >= 0
  if (kind === 'call' && isGeneration) return { kind, generation: first }
  const isNews = kind === 'news' && isGeneration && left > 0 && left <= life
  return isNews ? { kind, generation: first, sealed: `${values[1]}`, life, left } : undefined
}
