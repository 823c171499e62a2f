import { type NamedDestination, readDestination } from './destination.ts'
import { LONGEST_PATH } from './readings.ts'
import { namedPath, withoutQuery } from './target.ts'

/** Where a request goes, according to its head. Parsed once, before the guard and the policies judge the request. */
export interface ParsedRequest {
  readonly method: string
  /** The request target as sent; in absolute form, only the part after the host. */
  readonly rawTarget: string
  /** The host of a request in proxy form (RFC 9112, 3.2.2 and 3.2.3), which overrides `Host`. */
  readonly proxyHost: string | undefined
  /** The API that the request is for, as read from its host and target. */
  readonly destination: NamedDestination
  /**
   * The path for logs, metrics and the audit: the raw target without its query, which may contain private data. For
   * Compute it starts with `/_compute`, even if the client selected Compute by host. The rest of a very long one is cut.
   */
  readonly path: string
}

/** The parts of a request's head that say where it goes. */
export type RequestHead = Pick<ParsedRequest, 'method' | 'rawTarget' | 'proxyHost'> & {
  /** The value of the `Host` header. */
  readonly host: string | undefined
}

/** Parses where a request goes. Never throws: the guard and the forwarder report what is wrong with it. */
export function parseRequest({ method, rawTarget, proxyHost, host = '' }: RequestHead): ParsedRequest {
  const destination = readDestination(proxyHost ?? host, rawTarget)
  const { compute, prefix, apiTarget } = destination
  const isComputeByHost = compute && !prefix.endsWith('/_compute')
  const path = isComputeByHost ? namedPath(withoutQuery(apiTarget), true) : withoutQuery(rawTarget)
  return { method, rawTarget, proxyHost, destination, path: path.slice(0, LONGEST_PATH) }
}
