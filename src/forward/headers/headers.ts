import { isNamed, type Pair, pairsOf, type RawHeaders, withoutNamed } from '../../http/raw-headers.ts'
import type { Secret } from '../../kernel/secret.ts'
import { withJsonType } from './content-type.ts'
import { localLinks, localLocation, type UpstreamBase } from './location.ts'

/** Meant for one connection alone (RFC 9110, 7.6.1). */
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
  // would tell of the local machine
  'forwarded',
  'from',
  'origin',
  'referer',
  'via',
  'x-real-ip',
])

/** Names of the same, by how they begin or end: the latter have servers take another method or path than was judged. */
const NOT_FOR_THE_UPSTREAM_PATTERN =
  /^(x-forwarded-|x-prismacloud-|sec-fetch-|sec-ch-|access-control-)|(^|-)(method|verb|(destination)?ur[il]|path(-info)?|prefix|script-name)(-override)?$/

const NOT_FOR_THE_CLIENT = new Set([
  ...HOP_BY_HOP,
  // would bind the name localhost, or whatever name this proxy has, for longer than the answer is shown
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
  // would have a browser tell others what it does here
  'timing-allow-origin',
  'nel',
  'report-to',
  'reporting-endpoints',
  'content-security-policy-report-only',
  // would have a browser go elsewhere by itself
  'refresh',
  // one that the upstream got wrong would undo this proxy's own
  'x-content-type-options',
  'authorization',
  'x-redlock-auth',
  // this proxy's own takes its place
  'x-request-id',
])

/** No page of another origin may read an answer, whatever the upstream allows. */
const NOT_FOR_THE_CLIENT_PATTERN = /^access-control-/

/** What frames a body or tells its form, which servers would take from another header, too, written with `_`. */
const OF_THE_BODY = /^content-/

/**
 * What every answer of the upstream carries to the client, beside a policy of its own: opened in a browser, it has no part
 * in this proxy's origin and runs no script (CSP Level 3, 6.3.1), and is nothing but what it is declared to be.
 */
const CONFINEMENT = ['content-security-policy', 'sandbox', 'x-content-type-options', 'nosniff'] as const

/** Paths of the application security API, which takes the token as `authorization` without a scheme. */
const CODE_PATH = /^\/(code|bridgecrew)(\/|$)/

/** The values of nearly every `Connection`. */
const NAMES_NOTHING = /^(keep-alive|close)$/i

/** So many names are remembered for each direction, of the same few that nearly all headers have. */
const MAX_KNOWN = 500

/** Whether a header goes on, by its name in any case. */
type Rule = (name: string) => boolean

/** Servers that pass headers on as variables (CGI, RFC 3875, 4.1.18; WSGI) take `_` for `-`. */
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

/** The header that carries the token for a path, of all that it may be taken for. */
function authHeader(paths: readonly string[]): 'authorization' | 'x-redlock-auth' {
  return paths.some(path => CODE_PATH.test(path)) ? 'authorization' : 'x-redlock-auth'
}

export interface RequestHeaderOptions {
  readonly token: Secret
  /** All for which the upstream may take the path, behind `/_compute` where it is Compute's. */
  readonly paths: readonly string[]
  /** Whether a body follows that is JSON, whatever its content type says. */
  readonly isJson: boolean
}

/** The headers that go to the upstream: the client's own, less what is not the upstream's business, plus the token. */
export function upstreamHeaders(headers: RawHeaders, { token, paths, isJson }: RequestHeaderOptions): string[] {
  const sent = filtered(headers, toTheUpstream)
  const kept = isJson ? withJsonType(sent) : sent
  kept.push(authHeader(paths), token.reveal())
  return kept
}

/** Of the headers that go to the upstream, those that have no part in which answer it gives. */
const NOT_SELECTING = new Set(['user-agent', 'cache-control', 'pragma', 'x-request-id', 'traceparent', 'tracestate'])

/** The headers by which the upstream may choose its answer, names in lower case and values in turn. */
export function selectingHeaders(headers: RawHeaders): string[] {
  return pairsOf(filtered(headers, toTheUpstream))
    .map(([name, value]): Pair => [name.toLowerCase(), value])
    .filter(([name]) => !NOT_SELECTING.has(name))
    .flat()
}

/** The headers that go to the client, of which a `location` and the like bring it back here, and a browser makes no more. */
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

/** The same for the trailers of an answer, where nothing but the names matters, in pairs. */
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
