import type { Secret } from '../kernel/secret.ts'
import { type Home, localLocation } from './location.ts'

/** Header names and values in turn, in order and case as they came: Node's `rawHeaders`. */
export type RawHeaders = readonly string[]

type Pair = [name: string, value: string]

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

/** Prefixes of the same. */
const NOT_FOR_THE_UPSTREAM_PREFIXES = ['x-forwarded-', 'x-prismacloud-', 'sec-fetch-', 'sec-ch-', 'access-control-']

const NOT_FOR_THE_CLIENT = new Set([
  ...HOP_BY_HOP,
  // would bind the name localhost, or whatever name this proxy has
  'set-cookie',
  'strict-transport-security',
  'alt-svc',
  'authorization',
  'x-redlock-auth',
  // this proxy's own takes its place
  'x-request-id',
])

/** No page of another origin may read an answer, whatever the upstream allows. */
const NOT_FOR_THE_CLIENT_PREFIXES = ['access-control-']

/** Paths of the application security API, which takes the token as `authorization` without a scheme. */
const CODE_PATH = /^\/(code|bridgecrew)(\/|\?|$)/

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(;|$)/i

function pairsOf(headers: RawHeaders): Pair[] {
  const names = headers.filter((_, index) => index % 2 === 0)
  return names.map((name, index) => [name, String(headers[2 * index + 1])])
}

/** The first value of a header, by its lower-case name. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  return headers.find((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name)
}

/** Headers by their lower-case names, with a list where one came several times. */
export function headersByName(headers: RawHeaders): Record<string, string | string[]> {
  const byName: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of pairsOf(headers)) {
    const lower = name.toLowerCase()
    const before = byName[lower]
    byName[lower] = before === undefined ? value : [before, value].flat()
  }
  return byName
}

/** The header that carries the token for a path on the API host. */
export function authHeader(path: string): 'authorization' | 'x-redlock-auth' {
  return CODE_PATH.test(path) ? 'authorization' : 'x-redlock-auth'
}

export interface RequestHeaderOptions {
  readonly token: Secret
  /** The path on the API host. */
  readonly path: string
  /** Whether a body follows whose missing or form content type is to be read as JSON. */
  readonly assumeJson: boolean
}

/** The headers that go to the upstream: the client's own, less what is not the upstream's business, plus the token. */
export function upstreamHeaders(headers: RawHeaders, { token, path, assumeJson }: RequestHeaderOptions): string[] {
  const kept = without(headers, NOT_FOR_THE_UPSTREAM, NOT_FOR_THE_UPSTREAM_PREFIXES).flat()
  if (assumeJson) setJsonType(kept)
  kept.push(authHeader(path), token.reveal())
  return kept
}

/** curl's `-d` sends a form type unless told otherwise, and every body that the API declares is JSON. */
function setJsonType(headers: string[]): void {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type')
  if (at < 0) headers.push('content-type', 'application/json')
  else if (FORM_TYPE.test(String(headers[at + 1]))) headers[at + 1] = 'application/json'
}

/** The headers that go to the client, of which a `location` brings it back here. */
export function clientHeaders(headers: RawHeaders, home: Home): string[] {
  return clientTrailers(headers).flatMap(([name, value]) => [
    name,
    name.toLowerCase() === 'location' ? localLocation(value, home) : value,
  ])
}

/** The same for the trailers of an answer, where nothing but the names matters, in pairs. */
export function clientTrailers(trailers: RawHeaders): Pair[] {
  return without(trailers, NOT_FOR_THE_CLIENT, NOT_FOR_THE_CLIENT_PREFIXES)
}

function without(headers: RawHeaders, names: ReadonlySet<string>, prefixes: readonly string[]): Pair[] {
  const all = pairsOf(headers)
  const named = namedByConnection(all)
  const stays = (name: string) =>
    !names.has(name) && !named.has(name) && !prefixes.some(prefix => name.startsWith(prefix))
  return all.filter(([name]) => stays(name.toLowerCase()))
}

/** `Connection` may name more headers that are meant for it alone (RFC 9110, 7.6.1). */
function namedByConnection(headers: readonly Pair[]): Set<string> {
  const lists = headers.filter(([name]) => name.toLowerCase() === 'connection').map(([, value]) => value)
  return new Set(lists.flatMap(list => list.split(',')).map(token => token.trim().toLowerCase()))
}
