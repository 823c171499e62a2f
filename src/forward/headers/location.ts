import { below, OWN_PATH, rooted, withoutQuery } from '../../request/target.ts'
import type { BaseUrl } from '../../stacks/base.ts'

/** The base URL that a request was sent to, and the path by which the client reaches it through this proxy. */
export interface UpstreamBase extends BaseUrl {
  /** What precedes the API target in the client's request: `/_tenant/<tenant>`, `/_compute`, both, or nothing. */
  readonly prefix: string
  /** The request target. It follows {@link BaseUrl.basePath} at the API, and the prefix at this proxy. */
  readonly apiTarget: string
}

/** The schemes by which clients reach this proxy; the meaning of a location can depend on them. */
const SCHEMES: readonly string[] = ['http:', 'https:']

/** Characters that URL parsers drop or treat as a slash (URL standard, 4.4), although not all clients do so. */
const OVERLOOKED = /[\\\0-\x20]/

/** The start of a path that clients would read as a host (RFC 3986, 4.2). */
const HOST_PATH = /^\/[/\\]/

/**
 * Rewrites a `location` from the upstream for a client, which resolves it as browsers do (URL standard). A location at
 * the tenant's API becomes a path of this proxy that reaches the same tenant. Any other is made to lead exactly where
 * the upstream meant. A location that already does is left unchanged.
 */
export function localLocation(location: string, home: UpstreamBase): string {
  const { origin, basePath, prefix, apiTarget } = home
  // header bytes have no defined encoding, but most are UTF-8
  const text = location.replace(/[\x80-\xff]/g, percentEncoded)
  const meant = parse(text, origin + basePath + apiTarget)
  if (!meant || !SCHEMES.includes(meant.protocol)) return location
  const local = meant.origin === origin ? localPath(meant, home) : meant.href
  const leadsThere = (scheme: string) => {
    const here = `${scheme}//proxy.invalid${prefix}${apiTarget}`
    return parse(text, here)?.href === parse(local, here)?.href
  }
  return !OVERLOOKED.test(location) && SCHEMES.every(leadsThere) ? location : local
}

/** Rewrites the links in a `link` header (RFC 8288), each as {@link localLocation} does. */
export function localLinks(links: string, home: UpstreamBase): string {
  return links.replace(/<([^<>]*)>/g, (_, link) => `<${localLocation(link, home)}>`)
}

/** The path by which this proxy reaches a URL at the tenant's API, or the URL itself if there is no such path. */
function localPath({ pathname, search, hash }: URL, { origin, basePath, prefix }: UpstreamBase): string {
  const path = pathname + search + hash
  const rest = below(path, basePath)
  const local = rest === undefined || OWN_PATH.test(withoutQuery(rest)) ? undefined : prefix + rooted(rest)
  return local === undefined || HOST_PATH.test(local) ? origin + path : local
}

function parse(text: string, base: string): URL | undefined {
  return URL.canParse(text, base) ? new URL(text, base) : undefined
}

function percentEncoded(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase()}`
}
