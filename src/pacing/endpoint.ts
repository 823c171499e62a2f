/** Numbers, UUIDs, policy and account ids and the like: a whole segment of digits, or one of 8 characters with a digit. */
const IDENTIFIER = /(?<=\/)(?:\d+|(?=[^/]*\d)[^/]{8,})(?=\/|$)/g

/** The endpoint that a request is for, as the upstream counts it: the method and the path with its identifiers folded. */
export function endpoint(method: string, path: string): string {
  return `${method} ${path.replace(IDENTIFIER, '{id}')}`
}
