/** The value that such a part of all values is not above. */
export function quantile(values, part) {
  return values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) * part)]
}
