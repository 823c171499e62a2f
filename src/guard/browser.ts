import type { IncomingHttpHeaders } from 'node:http'

/** Every browser names its engine. Programs whose name begins with Mozilla for old times' sake, as PowerShell's, do not. */
const ENGINE = /^Mozilla\/.*(AppleWebKit|Gecko|KHTML|Trident|MSIE)/

/** What Node.js and Deno send with `fetch`, and what a page may put in place of the languages of its reader. */
const ANY_LANGUAGE = '*'

/** The one header of its kind that Node.js sends with `fetch`. */
const SENT_BY_NODE = 'sec-fetch-mode'

/**
 * Whether a browser sent these headers. It goes by what no page can keep its browser from sending along (Fetch standard,
 * forbidden request-headers), and programs do not send by themselves: curl, wget, Postman, PowerShell and the HTTP
 * libraries of Node.js, Python, Go and Java are none.
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

/** Go's library and Postman name the page before a redirect, too, but that was one of the same host. */
function isFromElsewhere({ referer, host }: IncomingHttpHeaders): boolean {
  return referer !== undefined && !(URL.canParse(referer) && new URL(referer).host === host?.toLowerCase())
}
