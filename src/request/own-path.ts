import type { IncomingMessage } from 'node:http'
import { preferred } from '../http/accept.ts'
import { proxyFormHost } from './proxy-form.ts'

/**
 * The route of all forwarded requests. `rewriteUrl` sends them here whatever their path, so that no router decodes,
 * collapses or rejects a path that only the upstream can judge.
 */
export const FORWARD_ROUTE = '/'

/** The route of the proxy's own page. */
export const HOME_ROUTE = '/_proxy'

/** What the proxy's own page loads before anybody has logged in. */
export const PAGE_ROUTES = ['/_proxy/page/page.js', '/_proxy/page/page.css', '/_proxy/page/session'] as const

/** The icon that browsers request from every host. */
export const ICON_ROUTE = '/favicon.ico'

/**
 * Excludes `%`, which a router would decode. Only request ids need it, which are printable ASCII; such escapes can always
 * be decoded.
 */
const OWN_PATH = /^\/_proxy(\/[^?%#]*|\/requests\/([^?%#/]|%[2-7][0-9a-fA-F])+)?(\?|$)/

const [ROOT, ICON] = [/^\/(\?|$)/, /^\/favicon\.ico(\?|$)/]

/**
 * The route that serves a request: one of the proxy's own, or {@link FORWARD_ROUTE}. The icon, and `/` in a browser,
 * are the proxy's own unless the host is that of an API.
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

/** Whether a request is forwarded. If not, one of the proxy's own routes serves it. */
export function isForwarded({ url }: Pick<IncomingMessage, 'url'>): boolean {
  return url === FORWARD_ROUTE
}

/** Whether an `Accept` header prefers HTML to JSON. */
export function wantsHtml(accept: string | undefined): boolean {
  return preferred(accept, 'application/json', 'text/html') === 'text/html'
}
