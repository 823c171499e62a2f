/** The value of a header in Node.js and undici: an array if the header occurs more than once. */
export type HeaderValue = string | string[] | undefined

/** Headers by their lower-case names. */
export type Headers = Readonly<Record<string, HeaderValue>>

/** The first value of a header that should occur only once. */
export function firstValue(value: HeaderValue): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
