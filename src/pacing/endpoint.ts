/** Words are shorter than this, in characters, or have no digit. */
const MIN_IDENTIFIER = 8

/** The endpoint that a request is for, as the upstream counts it: the method and the path with its identifiers folded. */
export function endpoint(method: string, path: string): string {
  const folded = path.split('/').map(segment => (isIdentifier(segment) ? '{id}' : segment))
  return `${method} ${folded.join('/')}`
}

/** Numbers, UUIDs, policy and account ids and the like. */
function isIdentifier(segment: string): boolean {
  return /^\d+$/.test(segment) || (segment.length >= MIN_IDENTIFIER && /\d/.test(segment))
}
