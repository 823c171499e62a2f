import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { buildConnector } from 'undici'
import type { Config } from '../config/config.ts'
import { proxyFor } from '../config/outbound.ts'
import { bareHost } from '../kernel/bare-host.ts'
import { type Clock, systemClock, withDeadline } from '../kernel/clock.ts'
import { OutboundProxyError } from '../kernel/network-error.ts'
import { bySocks, type Login, type TunnelEnd } from './socks.ts'
import type { Trust } from './trust.ts'

const HTTPS_PORT = 443

export interface TunnelOptions {
  readonly clock: Clock
  /** Milliseconds that the proxy has to connect. */
  readonly timeout: number
  /** Whom to trust where the proxy speaks TLS. */
  readonly trust: Trust
}

/**
 * Connects through the outbound proxy where one leads to the upstream, else directly. Half of the time to connect is for the
 * tunnel, half for TLS in it. `make` gives what connects, itself or within a tunnel, in so many milliseconds.
 */
export function byWayOf(
  { outbound, connectTimeout }: Config['upstream'],
  trust: Trust,
  make: (timeout: number) => buildConnector.connector,
): buildConnector.connector {
  const directly = make(connectTimeout)
  if (outbound === null) return directly
  const timeout = connectTimeout / 2
  const within = make(timeout)
  return (options, done) => {
    const upstream = new URL(`${options.protocol}//${options.host}`)
    const proxy = proxyFor(upstream, outbound)
    if (proxy === null) {
      directly(options, done)
      return
    }
    const end = { host: upstream.hostname, port: Number(upstream.port || HTTPS_PORT) }
    connectThrough(proxy, end, { clock: systemClock, timeout, trust })
      .then(httpSocket => void within({ ...options, httpSocket }, done))
      .catch(error => done(error, null))
  }
}

/**
 * Has an outbound proxy connect to a host: by CONNECT (RFC 9110, 9.3.6) or SOCKS 5 (RFC 1928), as its URL says.
 * @throws {OutboundProxyError}
 */
export async function connectThrough(
  proxy: URL,
  end: TunnelEnd,
  { clock, timeout, trust }: TunnelOptions,
): Promise<Socket> {
  const by = /^socks/.test(proxy.protocol) ? bySocks : byConnect
  try {
    return await withDeadline(clock, timeout, undefined, signal => by(proxy, loginOf(proxy), end, signal, trust))
  } catch (error) {
    throw error instanceof OutboundProxyError ? error : new OutboundProxyError(proxy.host, null, error)
  }
}

function byConnect(
  proxy: URL,
  login: Login | undefined,
  { host, port }: TunnelEnd,
  signal: AbortSignal,
  trust: Trust,
): Promise<Socket> {
  const path = `${host}:${port}`
  const basic = login && Buffer.from(`${login.user}:${login.password}`).toString('base64')
  const headers = { host: path, ...(basic && { 'proxy-authorization': `Basic ${basic}` }) }
  const request = proxy.protocol === 'https:' ? requestTls : requestPlain
  const proxyHost = bareHost(proxy.hostname)
  // Node.js would ask for the certificate of the host in the header
  const servername = isIP(proxyHost) ? '' : proxyHost
  const at = { host: proxyHost, port: proxy.port, servername, ...trust }
  return new Promise((resolve, reject) => {
    const asked = request({ ...at, method: 'CONNECT', path, headers, agent: false, signal })
    asked.on('error', reject)
    asked.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy()
        reject(new OutboundProxyError(proxy.host, statusCode, undefined))
        return
      }
      socket.unshift(head)
      resolve(socket)
    })
    asked.end()
  })
}

function loginOf({ username, password }: URL): Login | undefined {
  if (!username && !password) return undefined
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) }
}
