import { declaredEndpoint } from './declared.ts'
import type { Rate } from './limit.ts'

/** Numbers, UUIDs, policy and account ids, mail addresses: a segment of digits, of 8 characters with a digit, or with an @. */
const IDENTIFIER = /(?<=\/)(?:\d+|(?=[^/]*\d)[^/]{8,}|[^/]*@[^/]*)(?=\/|$)/g

/** No name of the API's is longer, in characters: what is, is no endpoint to remember in full. */
const LONGEST_NAME = 200

/** What the upstream counts requests by. */
export interface Endpoint {
  /** The method and the path with its identifiers folded: `GET /alert/{id}`. */
  readonly name: string
  /** Its limit where the API's description declares one. */
  readonly limit: Rate | undefined
}

/** The endpoint that a request is for, by its path as it is read: decoded, and in lower case. */
export function endpoint(method: string, path: string): Endpoint {
  const request = `${method} ${path}`
  return (
    declaredEndpoint(request) ?? { name: request.slice(0, LONGEST_NAME).replace(IDENTIFIER, '{id}'), limit: undefined }
  )
}
