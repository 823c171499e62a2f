import { isNamed, type Pair, pairsOf, type RawHeaders, withoutNamed } from '../../http/raw-headers.ts'
import type { Secret } from '../../kernel/secret.ts'
import { withJsonType } from './content-type.ts'
import { localLinks, localLocation, type UpstreamBase } from './location.ts'

/** Headers for a single connection (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

const NOT_FOR_THE_UPSTREAM = new Set([
  ...HOP_BY_HOP,
  'host',
  // answered by this proxy; undici refuses to send it
  'expect',
  // a client's own credentials
  'authorization',
  'cookie',
  'x-redlock-auth',
  'x-prismacloud-proxy-token',
  // reveal the local machine
  'forwarded',
  'from',
  'origin',
  'referer',
  'via',
  'x-real-ip',
])

/** More of them, by prefix or suffix. The suffixes make servers use another method or path than the policies judged. */
const NOT_FOR_THE_UPSTREAM_PATTERN =
  /^(x-forwarded-|x-prismacloud-|sec-fetch-|sec-ch-|access-control-)|(^|-)(method|verb|(destination)?ur[il]|path(-info)?|prefix|script-name)(-override)?$/

const NOT_FOR_THE_CLIENT = new Set([
  ...HOP_BY_HOP,
  // would affect localhost, or whatever name this proxy has, beyond this response
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'expect-ct',
  'alt-svc',
  'accept-ch',
  'critical-ch',
  'service-worker-allowed',
  'clear-site-data',
  // would make a browser report to others what it does here
  'timing-allow-origin',
  'nel',
  'report-to',
  'reporting-endpoints',
  'content-security-policy-report-only',
  // would make a browser leave by itself
  'refresh',
  // a wrong one of the upstream would undo this proxy's own
  'x-content-type-options',
  'authorization',
  'x-redlock-auth',
  // this proxy's own takes its place
  'x-request-id',
])

/** No page of another origin may read a response, whatever the upstream allows. */
const NOT_FOR_THE_CLIENT_PATTERN = /^access-control-/

/** Headers that describe a body. Some servers would also read them from a name that is written with `_`. */
const OF_THE_BODY = /^content-/

/**
 * What every answer of the upstream carries to the client, beside a policy of its own: opened in a browser, it has no part
 * in this proxy's origin and runs no script (CSP Level 3, 6.3.1), and is nothing but what it is declared to be.
 */
const CONFINEMENT = ['content-security-policy', 'sandbox', 'x-content-type-options', 'nosniff'] as const

/** Paths of the application security API, which takes the token as `authorization` without a scheme. */
const CODE_PATH = /^\/(code|bridgecrew)(\/|$)/

/** `Connection` values that name no other header: nearly all. */
const NAMES_NOTHING = /^(keep-alive|close)$/i

/** How many header names are remembered for each direction; nearly all requests use the same few. */
const MAX_KNOWN = 500

/** Decides by its name, in any case, whether a header is passed on. */
type Rule = (name: string) => boolean

/** Treats `_` as `-`, like servers that turn headers into variables (CGI, RFC 3875, 4.1.18; WSGI). */
function allBut(names: ReadonlySet<string>, pattern: RegExp): Rule {
  const known = new Map<string, boolean>()
  return name => {
    const before = known.get(name)
    if (before !== undefined) return before
    const dashed = name.toLowerCase().replaceAll('_', '-')
    const isDisguised = name.includes('_') && OF_THE_BODY.test(dashed)
    const goesOn = !names.has(dashed) && !pattern.test(dashed) && !isDisguised
    if (known.size < MAX_KNOWN) known.set(name, goesOn)
    return goesOn
  }
}

const toTheUpstream = allBut(NOT_FOR_THE_UPSTREAM, NOT_FOR_THE_UPSTREAM_PATTERN)
const toTheClient = allBut(NOT_FOR_THE_CLIENT, NOT_FOR_THE_CLIENT_PATTERN)

/** The header that carries the token for a request, by every path that the API may take its path for. */
function authHeader(paths: readonly string[]): 'authorization' | 'x-redlock-auth' {
  return paths.some(path => CODE_PATH.test(path)) ? 'authorization' : 'x-redlock-auth'
}

/** What the headers of an upstream request depend on, besides those of the client. */
export interface RequestHeaderOptions {
  readonly token: Secret
  /** Every path that the API may take the path for, behind `/_compute` for Compute. */
  readonly paths: readonly string[]
  /** Whether the body is JSON, whatever its content type says. */
  readonly isJson: boolean
}

/** The headers for the upstream: the client's, without those that are not for the upstream, and with the token. */
export function upstreamHeaders(headers: RawHeaders, { token, paths, isJson }: RequestHeaderOptions): string[] {
  const sent = filtered(headers, toTheUpstream)
  const kept = isJson ? withJsonType(sent) : sent
  kept.push(authHeader(paths), token.reveal())
  return kept
}

/** Headers for the upstream that do not affect its response. */
const NOT_SELECTING = new Set(['user-agent', 'cache-control', 'pragma', 'x-request-id', 'traceparent', 'tracestate'])

/** The headers that may affect the upstream's response: names in lower case and values in turn. */
export function selectingHeaders(headers: RawHeaders): string[] {
  return pairsOf(filtered(headers, toTheUpstream))
    .map(([name, value]): Pair => [name.toLowerCase(), value])
    .filter(([name]) => !NOT_SELECTING.has(name))
    .flat()
}

/** The headers for the client: locations lead back to this proxy, and a browser treats the response as sandboxed. */
export function clientHeaders(headers: RawHeaders, home: UpstreamBase): string[] {
  const kept = filtered(headers, toTheClient)
  for (let at = 0; at < kept.length; at += 2) {
    const name = kept[at]
    if (isNamed(name, 'location') || isNamed(name, 'content-location'))
      kept[at + 1] = localLocation(String(kept[at + 1]), home)
    else if (isNamed(name, 'link')) kept[at + 1] = localLinks(String(kept[at + 1]), home)
  }
  kept.push(...CONFINEMENT)
  return kept
}

/** The trailers for the client, as pairs of name and value. */
export function clientTrailers(trailers: RawHeaders): Pair[] {
  return pairsOf(filtered(trailers, toTheClient))
}

function filtered(headers: RawHeaders, goesOn: Rule): string[] {
  const kept: string[] = []
  let named: string | undefined
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [String(headers[at]), String(headers[at + 1])]
    if (goesOn(name)) kept.push(name, value)
    else if (isNamed(name, 'connection') && !NAMES_NOTHING.test(value)) named = named ? `${named},${value}` : value
  }
  return named === undefined ? kept : withoutNamed(kept, named)
}
