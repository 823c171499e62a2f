import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** What a client said when it had a connection of its own made through this proxy (CONNECT; RFC 9110, 9.3.6). */
export interface ConnectTunnel {
  /** The host that it asked for, with its port if that is not the one of https. */
  readonly host: string
  /** The client token that it showed, if any: good for all that comes this way. */
  readonly token: string | undefined
}

/** The host of each request that came in absolute form. */
const hosts = new WeakMap<IncomingMessage, string>()

const passages = new WeakMap<Socket, ConnectTunnel>()

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/is

/**
 * Has a request in absolute form (RFC 9112, 3.2.2), which a client sends that takes this for its proxy, look like any
 * other: its url becomes a path, and {@link proxyFormHost} gives its host.
 */
export function takeAbsoluteForm(request: IncomingMessage): void {
  const { url = '/' } = request
  if (url.startsWith('/')) return
  const [, host, path] = ABSOLUTE_FORM.exec(url) ?? []
  if (host === undefined || path === undefined) return
  hosts.set(request, host.toLowerCase())
  request.url = path.startsWith('/') ? path : `/${path}`
}

/** Has all requests of a connection be for the host that it was made for. */
export function setConnectTunnel(connection: Socket, passage: ConnectTunnel): void {
  passages.set(connection, passage)
}

/** How the connection of a request was made, if through this proxy. */
export function connectTunnelOf({ socket }: IncomingMessage): ConnectTunnel | undefined {
  return passages.get(socket)
}

/**
 * The host, with its port if one was named, that a request is for which takes this for a proxy: it counts instead of
 * `Host`.
 */
export function proxyFormHost(request: IncomingMessage): string | undefined {
  return connectTunnelOf(request)?.host ?? hosts.get(request)
}
