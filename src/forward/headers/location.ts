import { below, OWN_PATH, rooted, withoutQuery } from '../../request/target.ts'
import type { BaseUrl } from '../../stacks/base.ts'

/** Where a request of a tenant went, and by which path the client reaches that here. */
export interface UpstreamBase extends BaseUrl {
  /** What the client put before the target: `/_tenant/<tenant>`, `/_compute`, both, or nothing. */
  readonly prefix: string
  /** The request target, behind {@link BaseUrl.basePath} there and behind the prefix here. */
  readonly apiTarget: string
}

/** How clients may reach this proxy: what a location means can depend on it. */
const SCHEMES: readonly string[] = ['http:', 'https:']

/** What URL parsers drop or take for a slash (URL standard, 4.4), though not all clients do. */
const OVERLOOKED = /[\\\0-\x20]/

/** It would name a host (RFC 3986, 4.2). */
const HOST_PATH = /^\/[/\\]/

/**
 * A `location` of the upstream as the client is to follow it, who resolves it as browsers do (URL standard): one at the
 * tenant's API becomes a path of this proxy, on which the same tenant answers. Any other leads where the upstream meant,
 * and nowhere else. What leads there as it came is left as it is.
 */
export function localLocation(location: string, home: UpstreamBase): string {
  const { origin, basePath, prefix, apiTarget } = home
  // header bytes are no particular encoding, and of UTF-8 in most cases
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

/** The links of a `link` header (RFC 8288), each as {@link localLocation}. */
export function localLinks(links: string, home: UpstreamBase): string {
  return links.replace(/<([^<>]*)>/g, (_, link) => `<${localLocation(link, home)}>`)
}

/** What reaches a URL at the tenant's API by this proxy; the URL itself where nothing does. */
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
