import type { Place } from '../stacks/base.ts'

/** What of a location names an origin; without a scheme it is that of the request (RFC 3986, 4.2). */
const ORIGIN = /^(?:https?:)?\/\/[^/?#]*/i

/** Where a tenant's requests go, and by which path the client reaches it here. */
export interface Home extends Place {
  /** What the client put before the path: `/_tenant/<tenant>`, `/_compute`, both, or nothing. */
  readonly prefix: string
}

/**
 * A `location` of the upstream as the client is to follow it: one of the tenant's own becomes a path of this proxy, on
 * which the same tenant answers; any other is left as it is.
 */
export function localLocation(location: string, { api, basePath, prefix }: Home): string {
  const path = pathAt(location, api)
  if (path === undefined) return location
  const rest = below(path, basePath)
  return rest === undefined ? api + path : prefix + rooted(rest)
}

/** The path, query and fragment of a location at the API's origin. */
function pathAt(location: string, api: string): string | undefined {
  if (/^\/(?!\/)/.test(location)) return location
  const [origin] = ORIGIN.exec(location) ?? []
  return origin !== undefined && isAt(origin, api) ? rooted(location.slice(origin.length)) : undefined
}

/** The case of scheme and host and the scheme's own port make no difference (RFC 3986, 6.2). */
function isAt(origin: string, api: string): boolean {
  return URL.canParse(origin, api) && new URL(origin, api).origin === api
}

/** What was taken off a path, as a path. */
export function rooted(rest: string): string {
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** What follows `start`, if it ends there as a whole. */
export function below(text: string, start: string): string | undefined {
  const rest = text.slice(start.length)
  return text.startsWith(start) && /^([/?#]|$)/.test(rest) ? rest : undefined
}
