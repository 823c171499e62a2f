import { declaredEndpoint } from './declared.ts'
import type { Rate } from './limit.ts'

/** Numbers, UUIDs, policy and account ids and the like: a whole segment of digits, or one of 8 characters with a digit. */
const IDENTIFIER = /(?<=\/)(?:\d+|(?=[^/]*\d)[^/]{8,})(?=\/|$)/g

/** What the upstream counts requests by. */
export interface Endpoint {
  /** The method and the path with its identifiers folded: `GET /alert/{id}`. */
  readonly name: string
  /** Its limit where the API's description declares one. */
  readonly limit: Rate | undefined
}

/** The endpoint that a request is for. */
export function endpoint(method: string, path: string): Endpoint {
  const request = `${method} ${path}`
  return declaredEndpoint(request) ?? { name: request.replace(IDENTIFIER, '{id}'), limit: undefined }
}
