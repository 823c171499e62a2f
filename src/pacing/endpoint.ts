import type { Operation } from '../operations/operation.ts'
import type { Rate } from './limit.ts'

/** A path segment that is an id: only digits, 8 characters or more with a digit (UUIDs, account ids), or with an @. */
const IDENTIFIER = /(?<=\/)(?:\d+|(?=[^/]*\d)[^/]{8,}|[^/]*@[^/]*)(?=\/|$)/g

/** The longest endpoint name to remember, in characters; all names of the API are shorter. */
const LONGEST_NAME = 200

/** The unit by which the upstream limits requests. */
export interface Endpoint {
  /** The method and the path template; without an operation, the path with `{id}` in place of ids: `GET /alert/{id}`. */
  readonly name: string
  /** The limit in the API documentation, if there is one. */
  readonly limit: Rate | undefined
}

/** Returns the endpoint of a request. `path` is decoded and in lower case. */
export function endpoint(method: string, path: string, operation: Operation | undefined): Endpoint {
  // HEAD has the operation of GET, but no limit is documented for it
  if (operation)
    return { name: `${method} ${operation.template}`, limit: operation.method === method ? operation.limit : undefined }
  return { name: `${method} ${path}`.slice(0, LONGEST_NAME).replace(IDENTIFIER, '{id}'), limit: undefined }
}
