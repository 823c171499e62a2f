const UNITS = [
  ['d', 24 * 60 * 60],
  ['h', 60 * 60],
  ['m', 60],
  ['s', 1],
] as const

/** Writes a time in seconds as kubectl does, in its two largest units: `42s`, `9m13s`, `5d`. Less than none is `0s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const at = UNITS.findIndex(([, length]) => whole >= length)
  if (at < 0) return '0s'
  let rest = whole
  const parts = UNITS.slice(at, at + 2).map(([unit, length]) => {
    const count = Math.floor(rest / length)
    rest -= count * length
    return count > 0 ? `${count}${unit}` : ''
  })
  return parts.join('')
}
