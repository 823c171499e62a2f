/** Header names and values alternating, in their original order and case, like Node.js' `rawHeaders`. */
export type RawHeaders = readonly string[]

/** One header: its name in its original case, and its value. */
export type Pair = [name: string, value: string]

/** Compares a header name of any case with a lower-case one. */
export function isNamed(name: string | undefined, lower: string): boolean {
  return name?.length === lower.length && name.toLowerCase() === lower
}

/** The first value of a header, by its lower-case name; `undefined` if there is none. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) if (isNamed(headers[at], name)) return headers[at + 1]
  return undefined
}

/** Groups raw headers into pairs of name and value. */
export function pairsOf(headers: RawHeaders): Pair[] {
  const pairs: Pair[] = []
  for (let at = 0; at < headers.length; at += 2) pairs.push([String(headers[at]), String(headers[at + 1])])
  return pairs
}

/** Raw headers as an object by lower-case name; the value is an array if the header occurs more than once. */
export function headersByName(headers: RawHeaders): Record<string, string | string[]> {
  const byName: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of pairsOf(headers)) {
    const lower = name.toLowerCase()
    const before = byName[lower]
    byName[lower] = before === undefined ? value : [before, value].flat()
  }
  return byName
}

/** Headers by name as raw headers: the inverse of {@link headersByName}. */
export function rawHeadersOf(byName: Readonly<Record<string, number | string | string[] | undefined>>): string[] {
  return Object.entries(byName).flatMap(([name, value]) => [value ?? []].flat().flatMap(each => [name, `${each}`]))
}

/** Raw headers without those named in a comma-separated list, such as the value of `Connection` (RFC 9110, 7.6.1). */
export function withoutNamed(headers: RawHeaders, list: string): string[] {
  const named = new Set(list.split(',').map(token => token.trim().toLowerCase()))
  return headers.filter((_, at) => !named.has(String(headers[at - (at % 2)]).toLowerCase()))
}
