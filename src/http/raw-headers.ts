/** Header names and values in turn, in order and case as they came: Node's `rawHeaders`. */
export type RawHeaders = readonly string[]

/** A header's name and value. */
export type Pair = [name: string, value: string]

/** Whether a name, in any case, is this one in lower case. */
export function isNamed(name: string | undefined, lower: string): boolean {
  return name?.length === lower.length && name.toLowerCase() === lower
}

/** The first value of a header, by its lower-case name. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) if (isNamed(headers[at], name)) return headers[at + 1]
  return undefined
}

/** The same headers in pairs. */
export function pairsOf(headers: RawHeaders): Pair[] {
  const pairs: Pair[] = []
  for (let at = 0; at < headers.length; at += 2) pairs.push([String(headers[at]), String(headers[at + 1])])
  return pairs
}

/** Headers by their lower-case names, with a list where one came several times. */
export function headersByName(headers: RawHeaders): Record<string, string | string[]> {
  const byName: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of pairsOf(headers)) {
    const lower = name.toLowerCase()
    const before = byName[lower]
    byName[lower] = before === undefined ? value : [before, value].flat()
  }
  return byName
}

/** The headers but for those that a list names, as `Connection` does (RFC 9110, 7.6.1). */
export function withoutNamed(headers: RawHeaders, list: string): string[] {
  const named = new Set(list.split(',').map(token => token.trim().toLowerCase()))
  return headers.filter((_, at) => !named.has(String(headers[at - (at % 2)]).toLowerCase()))
}
