import { isNamed, type Pair, pairsOf, type RawHeaders, withoutNamed } from '../../http/raw-headers.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { TraceContext } from '../../request/trace-context.ts'
import { withJsonType } from './content-type.ts'
import { localLinks, localLocation, type UpstreamBase } from './location.ts'
import { withTrace } from './trace.ts'

/** Headers that apply to a single connection (RFC 9110, 7.6.1). */
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
  // the proxy handles it itself; undici refuses to send it
  'expect',
  // a client's own credentials
  'authorization',
  'cookie',
  'x-redlock-auth',
  'x-prismacloud-proxy-token',
  // would reveal the local machine
  'forwarded',
  'from',
  'origin',
  'referer',
  'via',
  'x-real-ip',
])

/**
 * Further headers that are not forwarded, by prefix or suffix. Those with the suffixes make servers use a method or
 * path other than the one that the policies judged.
 */
const NOT_FOR_THE_UPSTREAM_PATTERN =
  /^(x-forwarded-|x-prismacloud-|sec-fetch-|sec-ch-|access-control-)|(^|-)(method|verb|(destination)?ur[il]|path(-info)?|prefix|script-name)(-override)?$/

const NOT_FOR_THE_CLIENT = new Set([
  ...HOP_BY_HOP,
  // would affect more than this response: localhost, or whatever host name this proxy has
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
  // would make a browser report what it does here to others
  'timing-allow-origin',
  'nel',
  'report-to',
  'reporting-endpoints',
  'content-security-policy-report-only',
  // would make a browser leave the page by itself
  'refresh',
  // a wrong value from the upstream would undo this proxy's own
  'x-content-type-options',
  'authorization',
  'x-redlock-auth',
  // is replaced with this proxy's own
  'x-request-id',
])

/** Headers that let pages of other origins read a response. None may, whatever the upstream allows. */
const NOT_FOR_THE_CLIENT_PATTERN = /^access-control-/

/** Headers that describe a body. Some servers also recognize them when the name is written with `_`. */
const OF_THE_BODY = /^content-/

/**
 * Headers added to every upstream response, in addition to any policy that it has: a browser that opens the response
 * does not treat it as part of this proxy's origin, runs no scripts in it (CSP Level 3, 6.3.1), and takes it only for
 * the type that it declares.
 */
const CONFINEMENT = ['content-security-policy', 'sandbox', 'x-content-type-options', 'nosniff'] as const

/** Paths of the application security API, which expects the token in `authorization`, without a scheme. */
const CODE_PATH = /^\/(code|bridgecrew)(\/|$)/

/** `Connection` values that name no other header. Nearly all values are like that. */
const NAMES_NOTHING = /^(keep-alive|close)$/i

/** How many header names to remember for each direction. Nearly all requests use the same few. */
const MAX_KNOWN = 500

/** Decides by a header's name, in any case, whether to pass the header on. */
type Rule = (name: string) => boolean

/**
 * Passes on all headers except those with these names and those that match the pattern. Treats `_` as `-`, like servers
 * that turn headers into variables (CGI, RFC 3875, 4.1.18; WSGI).
 */
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

/** The header that carries the token, chosen by every way in which the API may read the path of a request. */
function authHeader(paths: readonly string[]): 'authorization' | 'x-redlock-auth' {
  return paths.some(path => CODE_PATH.test(path)) ? 'authorization' : 'x-redlock-auth'
}

/** What the headers of an upstream request depend on, besides the client's headers. */
export interface RequestHeaderOptions {
  readonly token: Secret
  /** Every way in which the API may read the path, starting with `/_compute` for Compute. */
  readonly paths: readonly string[]
  /** Whether the body is JSON, whatever its content type says. */
  readonly isJson: boolean
  /** The span that the upstream is told of; null to pass on what the client says about traces. */
  readonly trace: TraceContext | null
}

/** Builds the headers for the upstream: the client's, without those that must not be forwarded, plus the token. */
export function upstreamHeaders(headers: RawHeaders, { token, paths, isJson, trace }: RequestHeaderOptions): string[] {
  const sent = filtered(headers, toTheUpstream)
  const typed = isJson ? withJsonType(sent) : sent
  const kept = trace ? withTrace(typed, trace) : typed
  kept.push(authHeader(paths), token.reveal())
  return kept
}

/** Headers sent to the upstream that do not affect its response. */
const NOT_SELECTING = new Set(['user-agent', 'cache-control', 'pragma', 'x-request-id', 'traceparent', 'tracestate'])

/** Returns the headers that may affect the upstream's response, as alternating lower-case names and values. */
export function selectingHeaders(headers: RawHeaders): string[] {
  return pairsOf(filtered(headers, toTheUpstream))
    .map(([name, value]): Pair => [name.toLowerCase(), value])
    .filter(([name]) => !NOT_SELECTING.has(name))
    .flat()
}

/** Builds the headers for the client: locations lead back to this proxy, and browsers sandbox the response. */
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

/** Returns the trailers for the client as pairs of name and value. */
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
