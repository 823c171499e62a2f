import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** What a client sent when it opened a tunnel (CONNECT; RFC 9110, 9.3.6). */
export interface ConnectTunnel {
  /** The requested host, with its port unless that is 443. */
  readonly host: string
  /** The client token sent with CONNECT, if any. It counts for all requests in the tunnel. */
  readonly token: string | undefined
}

/** The hosts of requests in absolute form. */
const hosts = new WeakMap<IncomingMessage, string>()

const tunnels = new WeakMap<Socket, ConnectTunnel>()

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/is

/**
 * Turns a request in absolute form (RFC 9112, 3.2.2), as clients send to an HTTP proxy, into an ordinary one: its `url`
 * becomes a path, and {@link proxyFormHost} returns its host.
 */
export function takeAbsoluteForm(request: IncomingMessage): void {
  const { url = '/' } = request
  if (url.startsWith('/')) return
  const [, host, path] = ABSOLUTE_FORM.exec(url) ?? []
  if (host === undefined || path === undefined) return
  hosts.set(request, host.toLowerCase())
  request.url = path.startsWith('/') ? path : `/${path}`
}

/** Marks a connection as a tunnel: all its requests are for the host of the tunnel. */
export function setConnectTunnel(connection: Socket, tunnel: ConnectTunnel): void {
  tunnels.set(connection, tunnel)
}

/** The tunnel that a request arrived through, if any. */
export function connectTunnelOf({ socket }: IncomingMessage): ConnectTunnel | undefined {
  return tunnels.get(socket)
}

/** The host, with its port if given, of a request in absolute form or in a tunnel. It overrides `Host`. */
export function proxyFormHost(request: IncomingMessage): string | undefined {
  return connectTunnelOf(request)?.host ?? hosts.get(request)
}
