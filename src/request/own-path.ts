import type { IncomingMessage } from 'node:http'
import { preferred } from '../http/accept.ts'
import { proxyFormHost } from './proxy-form.ts'

/**
 * The one route that everything forwarded is served by. Requests are sent to it by `rewriteUrl` whatever their path, so
 * that no router decodes, collapses or refuses what is the upstream's to judge.
 */
export const FORWARD_ROUTE = '/'

/** Leads to the proxy's own page. */
export const HOME_ROUTE = '/_proxy'

/** What browsers ask of every host. */
export const ICON_ROUTE = '/favicon.ico'

/** None needs a `%`, which a router would decode. */
const OWN_PATH = /^\/_proxy(\/[^?%#]*)?(\?|$)/

const [ROOT, ICON] = [/^\/(\?|$)/, /^\/favicon\.ico(\?|$)/]

/**
 * The route by which a request is served: one of the proxy's own, or {@link FORWARD_ROUTE}. What a browser asks of a host
 * by itself, or shows to whoever types its name, is the proxy's own, unless the host is that of an API.
 */
export function routeOf(request: IncomingMessage, isServedHost: (host: string) => boolean): string {
  const { url = '/', method, headers } = request
  if (OWN_PATH.test(url)) return url
  const isForPeople = ICON.test(url) || (ROOT.test(url) && wantsHtml(headers.accept))
  if (!isForPeople || (method !== 'GET' && method !== 'HEAD')) return FORWARD_ROUTE
  const host = proxyFormHost(request)
  if (host !== undefined && isServedHost(host)) return FORWARD_ROUTE
  return ICON.test(url) ? ICON_ROUTE : HOME_ROUTE
}

/** Whether a request is forwarded, rather than answered by a route of the proxy's own. */
export function isForwarded({ url }: Pick<IncomingMessage, 'url'>): boolean {
  return url === FORWARD_ROUTE
}

/** Whether an `Accept` header clearly prefers HTML to JSON. */
export function wantsHtml(accept: string | undefined): boolean {
  return preferred(accept, 'application/json', 'text/html') === 'text/html'
}
