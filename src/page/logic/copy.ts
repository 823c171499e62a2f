import { MASK } from '../../kernel/mask.ts'

/** A request that can be sent again. */
export interface Sendable {
  readonly method: string
  /** The request target: path and query. */
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  /** Null if there is none, or none was kept. */
  readonly body: string | null
}

/** Headers that whoever sends a request sets by itself, or that only concern the connection it came by. */
const NOT_REPEATED =
  /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|accept-encoding|user-agent|origin|referer|priority|accept-language|upgrade-insecure-requests|dnt|x-request-id|proxy-.*|sec-.*|x-prismacloud-proxy-page-token)$/i

/** The headers that are worth sending again: not those of the connection, nor credentials, which nobody sees here. */
export function repeatable(headers: Sendable['headers']): Sendable['headers'] {
  return headers.filter(([name, value]) => !NOT_REPEATED.test(name) && !value.includes(MASK))
}

/** The command that sends a request with curl to the proxy at `origin`, in a POSIX shell. It needs no token of the API. */
export function asCurl({ method, target, headers, body }: Sendable, origin: string): string {
  const isUsual = method === (body === null ? 'GET' : 'POST')
  const parts = [
    `curl ${isUsual ? '' : `-X ${method} `}${quoted(`${origin}${target}`)}`,
    ...repeatable(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`--data-raw ${quoted(body)}`]),
  ]
  // otherwise curl takes brackets and braces for patterns
  if (/[[\]{}]/.test(target)) parts.splice(1, 0, '--globoff')
  return parts.join(' \\\n  ')
}

/** The call of `fetch` that sends a request to the proxy at `origin`. */
export function asFetch({ method, target, headers, body }: Sendable, origin: string): string {
  const options = {
    ...(method !== 'GET' && { method }),
    headers: Object.fromEntries(repeatable(headers)),
    ...(body !== null && { body }),
  }
  return `await fetch(${JSON.stringify(`${origin}${target}`)}, ${JSON.stringify(options, null, 2)})`
}

/** Quotes a text for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
