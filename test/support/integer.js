/** Reads a whole number within bounds. Throws a `RangeError`. */
export function integer(text, least, most) {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new RangeError(`"${text}" is no whole number from ${least} to ${most}.`)
}
