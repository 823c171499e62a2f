import { type NamedDestination, readDestination } from './destination.ts'
import { withoutQuery } from './target.ts'

/** What the head of a request says of where it goes. It is read once, before anyone judges the request. */
export interface ParsedRequest {
  readonly method: string
  /** The request target as sent; of a request in absolute form, what follows the host. */
  readonly rawTarget: string
  /** The host of a request in proxy form (RFC 9112, 3.2.2 and 3.2.3), which counts instead of `Host`. */
  readonly proxyHost: string | undefined
  /** Which API it is for, as far as its host and target tell. */
  readonly destination: NamedDestination
  /**
   * The path for logs, metrics and the audit: the raw target without its query, which may hold private data. A request for
   * Compute has `/_compute` in front, however the client said so.
   */
  readonly path: string
}

/** The parts of a request's head that say where it goes. */
export type RequestHead = Pick<ParsedRequest, 'method' | 'rawTarget' | 'proxyHost'> & {
  /** The `Host` header. */
  readonly host: string | undefined
}

/** Reads where a request goes. Never throws: what is wrong with it is for the guard and the forwarder to say. */
export function parseRequest({ method, rawTarget, proxyHost, host = '' }: RequestHead): ParsedRequest {
  const destination = readDestination(proxyHost ?? host, rawTarget)
  const { compute, prefix, apiTarget } = destination
  const isComputeByHost = compute && !prefix.endsWith('/_compute')
  const path = isComputeByHost ? `/_compute${withoutQuery(apiTarget)}` : withoutQuery(rawTarget)
  return { method, rawTarget, proxyHost, destination, path }
}
