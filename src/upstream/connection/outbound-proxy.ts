import { request } from 'node:http'
import type { Socket } from 'node:net'
import type { HostPort } from '../../http/host-port.ts'
import { type Clock, withDeadline } from '../../kernel/clock.ts'
import { USER_AGENT } from '../../kernel/product.ts'
import { OutboundProxyError } from '../errors.ts'
import { abortable, portOf } from './dial.ts'
import { connectBySocks, loginOf } from './socks.ts'

/** How to reach the outbound proxy itself, and how long it may take to connect. */
export interface ProxyOptions {
  readonly clock: Clock
  /** The timeout in milliseconds for reaching the proxy and for the proxy's connection to the host, together. */
  readonly timeout: number
  /** Ends the attempt early. */
  readonly signal: AbortSignal
  /** Opens a TCP connection to the proxy. */
  dial(proxy: HostPort, signal: AbortSignal): Promise<Socket>
  /** Starts TLS on a connection and verifies the certificate for the URL's host. */
  encrypt(socket: Socket, url: URL, signal: AbortSignal): Promise<Socket>
}

/**
 * Opens a connection to a host through an outbound proxy: with CONNECT (RFC 9110, 9.3.6) for an http or https proxy
 * URL, otherwise with SOCKS 5 (RFC 1928).
 * @throws {OutboundProxyError}
 */
export async function connectThrough(proxy: URL, target: HostPort, options: ProxyOptions): Promise<Socket> {
  const { clock, timeout, signal } = options
  try {
    return await withDeadline(clock, timeout, signal, signal => tunnel(proxy, target, { ...options, signal }))
  } catch (error) {
    throw error instanceof OutboundProxyError ? error : new OutboundProxyError(proxy.host, null, error)
  }
}

async function tunnel(proxy: URL, target: HostPort, { signal, dial, encrypt }: ProxyOptions): Promise<Socket> {
  const socket = abortable(await dial({ host: proxy.hostname, port: portOf(proxy) }, signal), signal)
  try {
    if (proxy.protocol === 'https:') return await connectByHttp(await encrypt(socket, proxy, signal), proxy, target)
    return await (proxy.protocol === 'http:' ? connectByHttp : connectBySocks)(socket, proxy, target)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function connectByHttp(connection: Socket, proxy: URL, { host, port }: HostPort): Promise<Socket> {
  const path = `${host}:${port}`
  const login = loginOf(proxy)
  const basic = login && Buffer.from(`${login.user}:${login.password}`).toString('base64')
  const headers = { host: path, 'user-agent': USER_AGENT, ...(basic && { 'proxy-authorization': `Basic ${basic}` }) }
  return new Promise((resolve, reject) => {
    const connecting = request({ createConnection: () => connection, method: 'CONNECT', path, headers })
    connecting.on('error', reject)
    connecting.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode < 200 || statusCode > 299) reject(new OutboundProxyError(proxy.host, statusCode, undefined))
      socket.unshift(head)
      resolve(socket)
    })
    connecting.end()
  })
}
