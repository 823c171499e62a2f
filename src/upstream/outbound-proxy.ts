import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { connect, isIP, type Socket } from 'node:net'
import { SocksClient } from 'socks'
import type { buildConnector } from 'undici'
import type { Config } from '../config/config.ts'
import { proxyFor } from '../config/outbound.ts'
import { type Clock, systemClock, withDeadline } from '../kernel/clock.ts'
import { OutboundProxyError } from '../kernel/network-error.ts'

/** Where a tunnel leads. */
export interface TunnelEnd {
  /** An IPv6 address in brackets. */
  readonly host: string
  readonly port: number
}

const HTTPS_PORT = 443
const SOCKS_PORT = 1080

export interface TunnelOptions {
  readonly clock: Clock
  /** Milliseconds that the proxy has to connect. */
  readonly timeout: number
}

/** Connects through the outbound proxy where one leads to the upstream, else directly. */
export function byWayOf(
  { outbound, connectTimeout }: Config['upstream'],
  direct: buildConnector.connector,
): buildConnector.connector {
  if (outbound === null) return direct
  return (options, done) => {
    const upstream = new URL(`${options.protocol}//${options.host}`)
    const proxy = proxyFor(upstream, outbound)
    if (proxy === null) {
      direct(options, done)
      return
    }
    const end = { host: upstream.hostname, port: Number(upstream.port || HTTPS_PORT) }
    connectThrough(proxy, end, { clock: systemClock, timeout: connectTimeout }).then(
      httpSocket => direct({ ...options, httpSocket }, done),
      error => done(error, null),
    )
  }
}

/**
 * Has an outbound proxy connect to a host: by CONNECT (RFC 9110, 9.3.6) or SOCKS 5 (RFC 1928), as its URL says.
 * @throws {OutboundProxyError}
 */
export async function connectThrough(proxy: URL, end: TunnelEnd, { clock, timeout }: TunnelOptions): Promise<Socket> {
  const by = /^socks/.test(proxy.protocol) ? bySocks : byConnect
  try {
    return await withDeadline(clock, timeout, undefined, signal => by(proxy, end, signal))
  } catch (error) {
    throw error instanceof OutboundProxyError ? error : new OutboundProxyError(proxy.host, null, error)
  }
}

function byConnect(proxy: URL, { host, port }: TunnelEnd, signal: AbortSignal): Promise<Socket> {
  const path = `${host}:${port}`
  const login = loginOf(proxy)
  const headers = {
    host: path,
    ...(login && {
      'proxy-authorization': `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`,
    }),
  }
  const request = proxy.protocol === 'https:' ? requestTls : requestPlain
  const proxyHost = bare(proxy.hostname)
  // Node.js would ask for the certificate of the host in the header
  const servername = isIP(proxyHost) ? '' : proxyHost
  const to = { host: proxyHost, port: proxy.port, servername, method: 'CONNECT', path, headers, agent: false, signal }
  return new Promise((resolve, reject) => {
    const asked = request(to)
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

async function bySocks(proxy: URL, { host, port }: TunnelEnd, signal: AbortSignal): Promise<Socket> {
  const login = loginOf(proxy)
  const to = { host: bare(proxy.hostname), port: Number(proxy.port || SOCKS_PORT) }
  const socket = connect({ ...to, signal })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const { socket: tunnel } = await SocksClient.createConnection({
    proxy: { ...to, type: 5, ...(login && { userId: login.user, password: login.password }) },
    command: 'connect',
    destination: { host: bare(host), port },
    existing_socket: socket,
  }).catch(({ message }: Error) => {
    // the error that came has the user and the password
    throw new Error(message)
  })
  return tunnel
}

function loginOf({ username, password }: URL): { user: string; password: string } | undefined {
  if (!username && !password) return undefined
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) }
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}
