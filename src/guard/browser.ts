import type { IncomingHttpHeaders } from 'node:http'

/** Browsers name their engine. Programs that only keep the historical `Mozilla/` prefix, such as PowerShell, do not. */
const ENGINE = /^Mozilla\/.*(AppleWebKit|Gecko|KHTML|Trident|MSIE)/

/** The value that `fetch` of Node.js and Deno sends, and that a page can set in place of the user's languages. */
const ANY_LANGUAGE = '*'

/** The only `Sec-` header that `fetch` of Node.js sends. */
const SENT_BY_NODE = 'sec-fetch-mode'

/**
 * Whether a browser sent these headers. Checks headers that a page cannot suppress (Fetch standard, forbidden
 * request-headers) and that programs do not send by default: curl, wget, Postman, PowerShell and the HTTP libraries of
 * Node.js, Python, Go and Java are not taken for browsers.
 */
export function looksLikeBrowser(headers: IncomingHttpHeaders): boolean {
  const agent = headers['user-agent'] ?? ''
  const language = headers['accept-language']
  return (
    ENGINE.test(agent) ||
    (language !== undefined && (language !== ANY_LANGUAGE || agent.startsWith('Mozilla/'))) ||
    headers.origin !== undefined ||
    headers['upgrade-insecure-requests'] !== undefined ||
    isFromElsewhere(headers) ||
    Object.keys(headers).some(name => name.startsWith('sec-') && name !== SENT_BY_NODE)
  )
}

/** Go's library and Postman also send `Referer` after a redirect, but then it names the same host. */
function isFromElsewhere({ referer, host }: IncomingHttpHeaders): boolean {
  return referer !== undefined && !(URL.canParse(referer) && new URL(referer).host === host?.toLowerCase())
}
