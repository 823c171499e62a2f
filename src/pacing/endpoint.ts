/** Words are shorter than this, in characters, or have no digit. */
const MIN_IDENTIFIER = 8

/** A segment of a path that has a digit. */
const WITH_DIGIT = /[^/\d]*\d[^/]*/g

/** The endpoint that a request is for, as the upstream counts it: the method and the path with its identifiers folded. */
export function endpoint(method: string, path: string): string {
  return `${method} ${path.replace(WITH_DIGIT, segment => (isIdentifier(segment) ? '{id}' : segment))}`
}

/** Numbers, UUIDs, policy and account ids and the like, of the segments that have a digit. */
function isIdentifier(segment: string): boolean {
  return segment.length >= MIN_IDENTIFIER || /^\d+$/.test(segment)
}
