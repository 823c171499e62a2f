import type { Socket } from 'node:net'
import { bareHost } from '../../http/host.ts'
import type { HostPort } from '../../http/host-port.ts'
import { OutboundProxyError } from '../errors.ts'

/** Constants of SOCKS 5 (RFC 1928) and of its user and password negotiation (RFC 1929). */
const VERSION = 5
const LOGIN_VERSION = 1
const NO_LOGIN = 0
const WITH_LOGIN = 2
const NO_METHOD = 0xff
const CONNECT = 1
const DOMAIN_NAME = 3
const SUCCEEDED = 0

/** The HTTP status of a proxy that requires a valid user and password (RFC 9110, 15.5.8), reported for SOCKS, too. */
const UNAUTHENTICATED = 407

/** The size of an address in bytes, by its type: IPv4 and IPv6. A name is preceded by its size instead. */
const ADDRESS_SIZES: Readonly<Record<number, number>> = { 1: 4, 4: 16 }

interface Login {
  readonly user: string
  readonly password: string
}

/** The decoded user and password of a proxy's URL; `undefined` if it has neither. */
export function loginOf({ username, password }: URL): Login | undefined {
  if (!username && !password) return undefined
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) }
}

/**
 * Asks a SOCKS 5 proxy, on a connection to it, to connect to a host; resolves with that connection once it leads there.
 * Every host is sent as a name, IP addresses too, because proxies resolve names. User, password and name have at most
 * 255 bytes.
 * @throws {OutboundProxyError} if the proxy refuses; otherwise the error of the connection
 */
export async function connectBySocks(socket: Socket, proxy: URL, target: HostPort): Promise<Socket> {
  const login = loginOf(proxy)
  const refused = (status: number) => new OutboundProxyError(proxy.host, status, undefined)
  const methods = login ? [NO_LOGIN, WITH_LOGIN] : [NO_LOGIN]
  socket.write(Buffer.from([VERSION, methods.length, ...methods]))
  const [version, method] = await take(socket, 2)
  if (version !== VERSION) throw notSocks()
  if (method === WITH_LOGIN && login) {
    socket.write(Buffer.concat([Buffer.from([LOGIN_VERSION]), withSize(login.user), withSize(login.password)]))
    const [, verdict] = await take(socket, 2)
    if (verdict !== SUCCEEDED) throw refused(UNAUTHENTICATED)
  } else if (method === WITH_LOGIN || method === NO_METHOD) throw refused(UNAUTHENTICATED)
  else if (method !== NO_LOGIN) throw notSocks()
  const port = Buffer.from([target.port >> 8, target.port & 0xff])
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0, DOMAIN_NAME]), withSize(bareHost(target.host)), port]))
  const [replyVersion, reply, , type] = await take(socket, 4)
  if (replyVersion !== VERSION) throw notSocks()
  if (reply !== SUCCEEDED) throw refused(Number(reply))
  // skip the address from which the proxy connects
  const size = ADDRESS_SIZES[Number(type)] ?? Number((await take(socket, 1))[0])
  await take(socket, size + port.length)
  return socket
}

function notSocks(): Error {
  return Object.assign(new Error('not SOCKS 5'), { code: 'NOT_SOCKS' })
}

function withSize(text: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)])
}

/** Reads the next `size` bytes and leaves what follows in the socket. */
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
