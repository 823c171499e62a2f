import type { IncomingMessage } from 'node:http'

/** The host of each request that came in absolute form. */
const hosts = new WeakMap<IncomingMessage, string>()

const ABSOLUTE_FORM = /^https?:\/\/([^/?]*)(.*)$/is

/**
 * Has a request in absolute form (RFC 9112, 3.2.2), which a client sends that takes this for its proxy, look like any
 * other: its url becomes a path, and {@link proxiedHost} gives its host.
 */
export function takeAbsoluteForm(request: IncomingMessage): void {
  const { url = '/' } = request
  if (url.startsWith('/')) return
  const [, host, path] = ABSOLUTE_FORM.exec(url) ?? []
  if (host === undefined || path === undefined) return
  hosts.set(request, host.toLowerCase())
  request.url = path.startsWith('/') ? path : `/${path}`
}

/** The host, with its port if one was named, that a request in absolute form is for: it counts instead of `Host`. */
export function proxiedHost(request: IncomingMessage): string | undefined {
  return hosts.get(request)
}
