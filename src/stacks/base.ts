import { withoutDot } from '../http/host.ts'
import { StackError } from './error.ts'
import { isLoopback } from './loopback.ts'

/** The base URL of an API, in parts. */
export interface BaseUrl {
  /** The origin, without a trailing slash. */
  readonly origin: string
  /** The prefix of every path: an empty string, or `/x` without a trailing slash. */
  readonly basePath: string
}

/** Whether two base URLs are equal. */
export function isSameBase(one: BaseUrl, other: BaseUrl | undefined): boolean {
  return other !== undefined && one.origin === other.origin && one.basePath === other.basePath
}

/** An address as parsed by {@link parseBase}. */
export interface Base {
  readonly url: URL
  /** The host name without a trailing dot. */
  readonly host: string
  readonly hasScheme: boolean
}

/** The cure of a {@link StackError}: the forms of an address that names an API. */
export const EXAMPLES =
  'expected a stack name such as app2 or app.eu, the URL of the console or API, or another https base URL'

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

/**
 * Parses an address that access keys may be sent to: https, or http for loopback. Without a scheme it means https.
 * @throws {StackError} for any other address
 */
export function parseBase(text: string): Base {
  const typed = text.trim()
  const hasScheme = SCHEME.test(typed)
  const url = parse(hasScheme ? typed : `https://${typed}`)
  const host = withoutDot(url.hostname)
  refuseUnsafe(url, host)
  return { url, host, hasScheme }
}

/**
 * Returns the path of an address without trailing slashes, as a prefix for request paths.
 * @throws {StackError} if the address has a query or fragment
 */
export function basePathOf({ search, hash, pathname }: URL): string {
  if (search || hash) throw new StackError('has a query or fragment', 'remove everything after the path')
  return pathname.replace(/\/+$/, '')
}

function parse(typed: string): URL {
  // new URL() silently drops tabs and newlines, and so would join separate words
  const url = /\s/.test(typed) || !URL.canParse(typed) ? null : new URL(typed)
  if (!url?.hostname) throw new StackError('is not an address', EXAMPLES)
  return url
}

function refuseUnsafe(url: URL, host: string): void {
  if (url.username || url.password)
    throw new StackError('contains a user or password', 'remove them; access keys have their own settings')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new StackError('is neither https nor http', EXAMPLES)
  if (url.protocol === 'http:' && !isLoopback(host))
    throw new StackError(
      'is http, which would send the access key unencrypted',
      'use https://; http is allowed only for loopback',
    )
}
