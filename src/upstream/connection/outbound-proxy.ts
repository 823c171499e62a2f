import { request } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, withDeadline } from '../../kernel/clock.ts'
import { USER_AGENT } from '../../kernel/product.ts'
import { OutboundProxyError } from '../network-error.ts'
import { bound, type End, portOf } from './dial.ts'
import { bySocks, loginOf } from './socks.ts'

/** How the outbound proxy itself is reached. */
export interface ProxyOptions {
  readonly clock: Clock
  /** Milliseconds that it has to connect. */
  readonly timeout: number
  /** Gives up with its reason. */
  readonly signal: AbortSignal
  /** Opens a TCP connection. */
  dial(end: End, signal: AbortSignal): Promise<Socket>
  /** Has TLS on a connection, verified by the URL's host. */
  encrypt(socket: Socket, url: URL, signal: AbortSignal): Promise<Socket>
}

/**
 * Has an outbound proxy connect to a host: by CONNECT (RFC 9110, 9.3.6) or SOCKS 5 (RFC 1928), as its URL says.
 * @throws {OutboundProxyError}
 */
export async function connectThrough(proxy: URL, end: End, options: ProxyOptions): Promise<Socket> {
  const { clock, timeout, signal } = options
  try {
    return await withDeadline(clock, timeout, signal, signal => tunnel(proxy, end, { ...options, signal }))
  } catch (error) {
    throw error instanceof OutboundProxyError ? error : new OutboundProxyError(proxy.host, null, error)
  }
}

async function tunnel(proxy: URL, end: End, { signal, dial, encrypt }: ProxyOptions): Promise<Socket> {
  const socket = bound(await dial({ host: proxy.hostname, port: portOf(proxy) }, signal), signal)
  try {
    if (proxy.protocol === 'https:') return await byConnect(await encrypt(socket, proxy, signal), proxy, end)
    return await (proxy.protocol === 'http:' ? byConnect : bySocks)(socket, proxy, end)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function byConnect(connection: Socket, proxy: URL, { host, port }: End): Promise<Socket> {
  const path = `${host}:${port}`
  const login = loginOf(proxy)
  const basic = login && Buffer.from(`${login.user}:${login.password}`).toString('base64')
  const headers = { host: path, 'user-agent': USER_AGENT, ...(basic && { 'proxy-authorization': `Basic ${basic}` }) }
  return new Promise((resolve, reject) => {
    const asked = request({ createConnection: () => connection, method: 'CONNECT', path, headers })
    asked.on('error', reject)
    asked.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode < 200 || statusCode > 299) reject(new OutboundProxyError(proxy.host, statusCode, undefined))
      socket.unshift(head)
      resolve(socket)
    })
    asked.end()
  })
}
