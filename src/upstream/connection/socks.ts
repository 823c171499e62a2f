import type { Socket } from 'node:net'
import { bareHost } from '../../http/host.ts'
import { OutboundProxyError } from '../network-error.ts'
import type { End } from './dial.ts'

/** Of SOCKS 5 (RFC 1928) and its sub-negotiation for a user and password (RFC 1929). */
const VERSION = 5
const LOGIN_VERSION = 1
const NO_LOGIN = 0
const WITH_LOGIN = 2
const NO_METHOD = 0xff
const CONNECT = 1
const DOMAIN_NAME = 3
const SUCCEEDED = 0

/** HTTP's status for a proxy that wants a user and password, or other ones (RFC 9110, 15.5.8). */
const UNAUTHENTICATED = 407

/** By the type of address, IPv4 and IPv6. A name has its size before it. */
const ADDRESS_SIZES: Readonly<Record<number, number>> = { 1: 4, 4: 16 }

interface Login {
  readonly user: string
  readonly password: string
}

/** What a proxy's URL says of who asks, if it does. */
export function loginOf({ username, password }: URL): Login | undefined {
  if (!username && !password) return undefined
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) }
}

/**
 * Has a SOCKS 5 proxy connect to a host, and gives the connection to the proxy. Addresses go as names, as proxies look those
 * up; user, password and name are no longer than 255 bytes.
 * @throws {OutboundProxyError} where the proxy does not; else the connection's error
 */
export async function bySocks(socket: Socket, proxy: URL, end: End): Promise<Socket> {
  const login = loginOf(proxy)
  const refused = (status: number) => new OutboundProxyError(proxy.host, status, undefined)
  const methods = login ? [NO_LOGIN, WITH_LOGIN] : [NO_LOGIN]
  socket.write(Buffer.from([VERSION, methods.length, ...methods]))
  const [version, method] = await take(socket, 2)
  if (version !== VERSION) throw notSocks()
  if (method === WITH_LOGIN && login) {
    socket.write(Buffer.concat([Buffer.from([LOGIN_VERSION]), sized(login.user), sized(login.password)]))
    const [, verdict] = await take(socket, 2)
    if (verdict !== SUCCEEDED) throw refused(UNAUTHENTICATED)
  } else if (method === WITH_LOGIN || method === NO_METHOD) throw refused(UNAUTHENTICATED)
  else if (method !== NO_LOGIN) throw notSocks()
  const port = Buffer.from([end.port >> 8, end.port & 0xff])
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0, DOMAIN_NAME]), sized(bareHost(end.host)), port]))
  const [again, reply, , type] = await take(socket, 4)
  if (again !== VERSION) throw notSocks()
  if (reply !== SUCCEEDED) throw refused(Number(reply))
  // where the proxy's own end of the connection is, which matters to nobody
  const size = ADDRESS_SIZES[Number(type)] ?? Number((await take(socket, 1))[0])
  await take(socket, size + port.length)
  return socket
}

function notSocks(): Error {
  return Object.assign(new Error('not SOCKS 5'), { code: 'NOT_SOCKS' })
}

function sized(text: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)])
}

/** The next so many bytes. What comes behind them stays where it is. */
function take(socket: Socket, size: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, bytes: Buffer = Buffer.alloc(0)) => {
      socket.off('readable', look).off('close', onClose).off('error', settle)
      if (error) reject(error)
      else resolve(bytes)
    }
    const look = () => {
      const bytes: Buffer | null = socket.read(size)
      if (bytes?.length === size) settle(null, bytes)
    }
    const onClose = () => settle(Object.assign(new Error('the proxy closed the connection'), { code: 'ECONNRESET' }))
    socket.on('readable', look).on('close', onClose).on('error', settle)
    look()
  })
}
